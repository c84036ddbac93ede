/** The commands around a platform, loaded when one of them is run. */

import { Problem } from '@freehold/migrations/problem'
import type { CommandResult } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'
import { listenForAbort } from '../interruption.ts'
import { createPaint, printable, widthOf } from '../render/text.ts'
import { reportError } from '../run-command.ts'
import type { Surroundings } from '../surroundings.ts'
import { toPlatformProblem } from './find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions, PlatformContext } from './platform-command.ts'
import { platformProblems } from './platform-problems.ts'

type Loaded = (context: PlatformContext, options: PlatformCommandOptions, args: string[]) => Promise<CommandResult>

/** Each is loaded alone: only `up` needs the services. */
const commands: Record<string, () => Promise<Loaded>> = {
  apply: async () => toLoaded((await import('./commands/apply.ts')).runApply),
  audit: async () => toLoaded((await import('./commands/audit.ts')).runAudit),
  'config get': async () => toLoaded((await import('./commands/config.ts')).runConfigGet),
  'config history': async () => toLoaded((await import('./commands/config.ts')).runConfigHistory),
  'config rollback': async () => toLoaded((await import('./commands/config.ts')).runConfigRollback),
  'config set': async () => toLoaded((await import('./commands/config.ts')).runConfigSet),
  events: async () => toLoaded((await import('./commands/events.ts')).runEvents),
  'events dead-letters': async () => toLoaded((await import('./commands/dead-letters.ts')).runDeadLetters),
  'events replay': async () => toLoaded((await import('./commands/dead-letters.ts')).runReplay),
  init: async () => toLoaded((await import('./commands/init.ts')).runInit),
  'service add': async () => toLoaded((await import('./commands/service-add.ts')).runServiceAdd),
  up: async () => toLoaded((await import('./commands/up.ts')).runUp),
  status: async () => toLoaded((await import('./commands/status.ts')).runStatus),
}

/** The command line's own definition has seen to it that the options are those of the command. */
function toLoaded<Options extends PlatformCommandOptions>(command: PlatformCommand<Options>): Loaded {
  return (context, options, args) => command(context, options as Options, args)
}

/** Runs a command and prints how it ended; never throws. */
export async function runPlatformCommand(
  command: { name: string; options: PlatformCommandOptions; args: string[]; version: string },
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { name, options, args, version } = command
  const { stdout, stderr, env } = surroundings
  const interruption = listenForAbort(surroundings)
  try {
    const load = commands[name]
    if (load === undefined) {
      throw new Error(`the command ${name} is not carried out`)
    }
    const result = await (await load())(
      {
        surroundings,
        version,
        paint: createPaint(stdout, env),
        width: widthOf(stdout),
        signal: interruption.signal,
        say: (text) => stderr.write(`${printable(text)}\n`),
      },
      options,
      args,
    )
    if (result.document !== undefined) {
      stdout.write(options.json === true ? `${JSON.stringify(result.document, null, 2)}\n` : result.text)
    }
    return result.exitCode
  } catch (error) {
    const isStopped = interruption.signal.aborted
    const problem = isStopped ? new Problem(platformProblems.stopped, 'stopped before the end', {}, error) : error
    return reportError(toPlatformProblem(problem), surroundings, options)
  } finally {
    interruption.close()
  }
}
