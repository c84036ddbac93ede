import { Problem, problems } from '@freehold/migrations/problem'
import type { MigrateCommand } from './command.ts'
import { type ExitCode, exitCodeOf } from './exit-codes.ts'
import { listenForInterruption } from './interruption.ts'
import { createLineProgress } from './progress/line-progress.ts'
import { createLiveProgress } from './progress/live-progress.ts'
import type { Progress } from './progress/progress.ts'
import { createRedaction, renderError, toErrorDocument } from './render/problem.ts'
import { createPaint, widthOf } from './render/text.ts'
import type { Surroundings } from './surroundings.ts'
import { findDatabaseUrl, findFolder, findPlace, type TargetOptions } from './target-options.ts'

/** Options that every command has. */
export interface CommonOptions extends TargetOptions {
  json?: boolean
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
    const result = await start(command, options, surroundings, { progress, signal: interruption.signal })
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
  run: { progress: Progress; signal: AbortSignal },
) {
  command.check?.(options)
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
      text: { paint: createPaint(surroundings.stdout, surroundings.env), width: widthOf(surroundings.stdout), schema },
      place: place.description,
    },
    options,
  )
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
