// How the commands around a platform are called. What they do is loaded when one of them is run, so that `freehold
// migrate` starts as fast as without them.

import { type Command, InvalidArgumentError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import type { ExitCode } from './exit-codes.ts'
import { parseNotEmpty } from './option-values.ts'
import type { Surroundings } from './surroundings.ts'

interface PlatformCommandDefinition {
  /** With the word before it, where it is one of several. */
  name: string
  summary: string
  configure(command: Command): void
}

const portDefault = 4800
const portMost = 65_000
const name = ['--name <name>', 'name of the service (default: of freehold.yaml, or of the folder)'] as const
const limit = (command: Command): Command =>
  command.option('--limit <n>', 'how many of the latest', parseLimit, limitDefault)
const limitDefault = 20

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
  {
    name: 'init',
    summary: 'write a freehold.yaml in which every key is explained',
    configure: (command) => command.argument('[folder]', 'folder of the service', '.'),
  },
  {
    name: 'service add',
    summary: 'make a service known from its folder: strategies, contracts, migrations, database',
    configure: (command) =>
      command
        .argument('[folder]', 'folder of the service', '.')
        .option(...name, parseNotEmpty)
        .option('--database-url <url>', 'its database, or env:… or file:… (default: DIRECT_URL, or DATABASE_URL)')
        .option('--database <name>', 'name of the database among those of the service', parseNotEmpty, 'main')
        .option('--schema <name>', 'schema of the migrations (default: of the URL, or public)', parseNotEmpty),
  },
  {
    name: 'apply',
    summary: 'show what a freehold.yaml changes, and apply it',
    configure: (command) =>
      command
        .argument('[folder]', 'folder of the service', '.')
        .option(...name, parseNotEmpty)
        .option('--dry-run', 'show what would change, apply nothing')
        .option('--exit-code', 'with --dry-run: exit with 3 where something would change')
        .option('--yes', 'ask nothing'),
  },
  {
    name: 'events',
    summary: 'show the latest events',
    configure: (command) =>
      limit(command)
        .option('--type <prefix>', 'only types that begin so', parseNotEmpty)
        .option('--key <key>', 'only of this key', parseNotEmpty),
  },
  {
    name: 'events dead-letters',
    summary: 'show the events that services could not apply, or one of them with its data',
    configure: (command) => command.argument('[id]', 'of the one that is shown whole'),
  },
  {
    name: 'events replay',
    summary: 'apply dead letters again, and what waits behind them',
    configure: (command) =>
      command
        .argument('[id...]', 'of the dead letters, as events dead-letters shows them')
        .option('--topic <topic>', 'all of this topic', parseNotEmpty),
  },
  {
    name: 'config get',
    summary: 'show the settings of a service',
    configure: (command) => command.argument('<service>').argument('[setting]'),
  },
  {
    name: 'config set',
    summary: 'set settings; one without a value is asked for, or read from standard input',
    configure: (command) =>
      command
        .argument('<service>')
        .argument('[name=value...]')
        .option('--unset <name...>', 'settings to be as if they were never set'),
  },
  {
    name: 'config history',
    summary: 'show the versions of a service’s configuration',
    configure: (command) => command.argument('<service>'),
  },
  {
    name: 'config rollback',
    summary: 'put the values of an earlier version back',
    configure: (command) => command.argument('<service>').argument('<version>'),
  },
  {
    name: 'audit',
    summary: 'show who changed what',
    configure: (command) =>
      limit(command.argument('[service]', 'only of this service'))
        .option('--actor <subject>', 'only by this person or service', parseNotEmpty)
        .option('--action <action>', 'only such changes', parseNotEmpty)
        .option('--verify', 'check that no entry was changed or removed'),
  },
]

const groups: Record<string, string> = {
  service: 'Make services known.',
  config: 'Show and change the configuration of services.',
}

/** Adds the commands to the program; each reports its exit code. */
export function addPlatformCommands(
  program: Command,
  surroundings: Surroundings,
  onExitCode: (code: ExitCode) => void,
): void {
  const parents = new Map<string, Command>()
  for (const definition of definitions) {
    const [first = '', second] = definition.name.split(' ')
    const parent = second === undefined ? program : (parents.get(first) ?? addGroup(program, first))
    if (second !== undefined) {
      parents.set(first, parent)
    }
    const command = parent
      .command(second ?? first)
      .description(definition.summary)
      .helpOption('--help', 'print this help')
      .option(
        '--data <folder>',
        'folder of the platform (default: .freehold here; for a platform that runs, the nearest upwards)',
        parseNotEmpty,
      )
    definition.configure(command)
    if (second === undefined) {
      // A command by itself may have others below it, which take its options too.
      parents.set(first, command)
    }
    command.action(async () => {
      const { runPlatformCommand } = await import('./platform/index.ts')
      const { args } = command
      const { version } = packageJson
      const call = { name: definition.name, options: command.optsWithGlobals(), args, version }
      onExitCode(await runPlatformCommand(call, surroundings))
    })
  }
}

function addGroup(program: Command, group: string): Command {
  return program
    .command(group)
    .description(groups[group] ?? '')
    .helpOption('--help', 'print this help')
}

function parseLimit(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 200) {
    throw new InvalidArgumentError('It is a whole number from 1 to 200.')
  }
  return value
}

function parsePort(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > portMost) {
    throw new InvalidArgumentError(`It is a whole number from 0 to ${portMost}.`)
  }
  return value
}
