// How the commands around a platform are called. What they do is loaded when one of them is run, so that `freehold
// migrate` starts as fast as without them.

import { type Command, InvalidArgumentError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import type { ExitCode } from './exit-codes.ts'
import { parseNotEmpty } from './option-values.ts'
import type { Surroundings } from './surroundings.ts'

interface PlatformCommandDefinition {
  name: string
  summary: string
  configure(command: Command): void
}

const portDefault = 4800
const portMost = 65_000

const definitions: PlatformCommandDefinition[] = [
  {
    name: 'up',
    summary: 'run the platform in this process: Postgres, catalog, migrations',
    configure: (command) =>
      command
        .option('--port <n>', 'the first of the ports that it answers on; 0 takes free ones', parsePort, portDefault)
        .option('--logs', 'write the logs to standard output instead of files'),
  },
  { name: 'status', summary: 'tell how the platform is', configure: () => {} },
]

/** Adds the commands to the program; each reports its exit code. */
export function addPlatformCommands(
  program: Command,
  surroundings: Surroundings,
  onExitCode: (code: ExitCode) => void,
): void {
  for (const { name, summary, configure } of definitions) {
    const command = program
      .command(name)
      .description(summary)
      .helpOption('--help', 'print this help')
      .option(
        '--data <folder>',
        'folder of the platform (default: .freehold here; for a platform that runs, the nearest upwards)',
        parseNotEmpty,
      )
    configure(command)
    command.action(async () => {
      const { runPlatformCommand } = await import('./platform/index.ts')
      const options = command.optsWithGlobals()
      const { version } = packageJson
      onExitCode(await runPlatformCommand({ name, options, args: command.args, version }, surroundings))
    })
  }
}

function parsePort(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > portMost) {
    throw new InvalidArgumentError(`It is a whole number from 0 to ${portMost}.`)
  }
  return value
}
