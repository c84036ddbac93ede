import { Problem, problems } from '@freehold/migrations/problem'
import type { CommandResult, MigrateCommand } from './command.ts'
import { type ExitCode, exitCodeOf } from './exit-codes.ts'
import { type Interruption, listenForInterruption } from './interruption.ts'
import { createLineProgress } from './progress/line-progress.ts'
import { createLiveProgress } from './progress/live-progress.ts'
import type { Progress } from './progress/progress.ts'
import type { TextOptions } from './render/plan-text.ts'
import { createRedaction, renderError, toErrorDocument } from './render/problem.ts'
import { createPaint, widthOf } from './render/text.ts'
import type { Surroundings } from './surroundings.ts'
import { findDatabaseUrl, findFolder, findPlace, mayBeOnPlatform, type TargetOptions } from './target-options.ts'

/** Options that every command has. */
export interface CommonOptions extends TargetOptions {
  json?: boolean
  /** On a platform: which of the service's databases. */
  database?: string
  approve?: string
}

/** Runs a command and prints how it ended; never throws, for each error becomes a message and an exit code. */
export async function runCommand<Options>(
  command: MigrateCommand<Options>,
  options: Options & CommonOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const progress = createProgress(surroundings)
  const interruption = listenForInterruption(surroundings, progress.say)
  try {
    const result = await start(command, options, surroundings, { progress, interruption, signal: interruption.signal })
    progress.close()
    surroundings.stdout.write(options.json === true ? toJson(result.document) : result.text)
    return result.exitCode
  } catch (error) {
    progress.close()
    return reportError(toProblem(error, interruption.signal), surroundings, options)
  } finally {
    interruption.close()
  }
}

async function start<Options>(
  command: MigrateCommand<Options>,
  options: Options & CommonOptions,
  surroundings: Surroundings,
  run: { progress: Progress; interruption: Interruption; signal: AbortSignal },
) {
  command.check?.(options)
  const text = { paint: createPaint(surroundings.stdout, surroundings.env), width: widthOf(surroundings.stdout) }
  const { service } = options
  if (service !== undefined && mayBeOnPlatform(options, surroundings)) {
    const result = await runOnPlatform(command, { ...options, service }, surroundings, { ...run, text })
    if (result !== undefined) {
      return result
    }
  }
  const place = await findPlace(options, surroundings.env)
  const engine = await surroundings.loadEngine()
  const migrationsFolder = await findFolder(options, {
    engine,
    folder: surroundings.folder,
    needed: command.needsFolder,
  })
  const { databaseUrl, schema, applicationName } = place
  return await command.run(
    {
      engine,
      target: {
        databaseUrl,
        migrationsFolder,
        schema,
        applicationName,
        onFact: run.progress.onFact,
        signal: run.signal,
      },
      surroundings,
      text: { ...text, schema },
      place: place.description,
    },
    options,
  )
}

/** Runs the command on the platform of these surroundings; undefined where none runs. */
async function runOnPlatform<Options>(
  command: MigrateCommand<Options>,
  options: Options & CommonOptions & { service: string },
  surroundings: Surroundings,
  run: { progress: Progress; interruption: Interruption; signal: AbortSignal; text: Omit<TextOptions, 'schema'> },
): Promise<CommandResult | undefined> {
  const { findRemotePlace, findServiceStatus, toPlatformProblem } = await import('./platform/remote/index.ts')
  try {
    if (command.name === 'status') {
      return await findServiceStatus(options, surroundings, run.text)
    }
    const place = await findRemotePlace(options, surroundings, run.progress.say)
    if (place === undefined) {
      return undefined
    }
    const { engine, schema } = place
    Object.assign(run.interruption.words, place.words)
    const search = { engine, folder: surroundings.folder, needed: command.needsFolder }
    const target = {
      databaseUrl: '',
      migrationsFolder: await findFolder(options, search),
      schema,
      onFact: run.progress.onFact,
      signal: run.signal,
    }
    const context = { engine, target, surroundings, text: { ...run.text, schema }, place: place.description }
    return await command.run(context, options)
  } catch (error) {
    throw toPlatformProblem(error)
  }
}

function createProgress({ stderr, env, now }: Surroundings): Progress {
  return stderr.isTerminal && env['TERM'] !== 'dumb'
    ? createLiveProgress(stderr, createPaint(stderr, env), now)
    : createLineProgress(stderr, now)
}

/** An AbortError that comes through as it is means no more than that the command was stopped. */
function toProblem(error: unknown, signal: AbortSignal): unknown {
  const aborted =
    signal.aborted && (error === signal.reason || (error as { name?: unknown } | null)?.name === 'AbortError')
  return aborted ? new Problem(problems.stopped, 'stopped before the end', {}, error) : error
}

/** Prints the error where a person, or with --json a program, looks for it; returns the exit code. */
export function reportError(error: unknown, surroundings: Surroundings, options: CommonOptions): ExitCode {
  const { stdout, stderr, env } = surroundings
  const redact = createRedaction(findDatabaseUrl(options, env))
  const document = toErrorDocument(error)
  if (!(error instanceof Problem)) {
    stderr.write(`${redact(stackOf(error))}\n`)
  }
  if (options.json === true) {
    stdout.write(redact(toJson(document)))
  } else {
    stderr.write(redact(renderError(document, createPaint(stderr, env))))
  }
  return exitCodeOf(error)
}

/** Returns the stacks of the error and of what caused it. */
function stackOf(error: unknown): string {
  const stacks: string[] = []
  let current: unknown = error
  // A chain longer than this goes in a circle.
  const depthMax = 8
  while (current instanceof Error && stacks.length < depthMax) {
    stacks.push(current.stack ?? `${current.name}: ${current.message}`)
    current = current.cause
  }
  return stacks.length === 0 ? String(error) : stacks.join('\ncaused by ')
}

function toJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
