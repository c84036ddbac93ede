import { Problem } from '@freehold/migrations/problem'
import { Command, CommanderError, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { cliProblems } from './cli-problems.ts'
import type { MigrateCommand, OfflineCommand } from './command.ts'
import { baselineCommand } from './commands/baseline.ts'
import { completeCommand } from './commands/complete.ts'
import { deployCommand } from './commands/deploy.ts'
import { diffCommand } from './commands/diff.ts'
import { driftCommand } from './commands/drift.ts'
import { historyCommand } from './commands/history.ts'
import { lintCommand } from './commands/lint.ts'
import { planCommand } from './commands/plan.ts'
import { resolveCommand } from './commands/resolve.ts'
import { statusCommand } from './commands/status.ts'
import { undoCommand } from './commands/undo.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { parseNotEmpty, parseServiceName } from './option-values.ts'
import { addPlatformCommands } from './platform-commands.ts'
import { widthOf } from './render/text.ts'
import { type CommonOptions, reportError, runCommand } from './run-command.ts'
import { runOfflineCommand } from './run-offline-command.ts'
import type { Surroundings } from './surroundings.ts'

const epilogue = `
Environment:
  DIRECT_URL, DATABASE_URL      the database, where --database-url is not given
  FREEHOLD_SHADOW_DATABASE_URL  an empty server of the same major version to rehearse on
  FREEHOLD_SHADOW=server        rehearse on the server itself, in databases of its own
  FREEHOLD_BRIEF_TABLE_BYTES    size up to which a table counts as small; 0 turns that off
  NO_COLOR                      no colours

Exit codes:
  0  done
  1  refused, or failed and taken back
  2  wrong use
  3  a window is open or drift was found (only with --exit-code)
  4  stopped or cut off with steps done: run again to go on, or undo
`

/** Runs the command line with the arguments after the program's name; returns the exit code. */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done
  const program = buildProgram(surroundings, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return exitCodes.done
    }
    const json = argv.includes('--json')
    if (error instanceof CommanderError && error.code === 'commander.help' && !json) {
      // The help itself is on standard error already.
      return exitCodes.wrongUse
    }
    return reportError(error instanceof CommanderError ? toProblem(error) : error, surroundings, { json })
  }
}

function toProblem(error: CommanderError): Problem {
  const message = error.code === 'commander.help' ? 'no command is given' : error.message.replace(/^error: /, '')
  return new Problem(cliProblems.wrongUse, message, {}, error)
}

/** Builds the tree of commands; each of them reports its exit code. */
export function buildProgram(surroundings: Surroundings, onExitCode: (code: ExitCode) => void): Command {
  const { stdout, stderr } = surroundings
  const program = new Command('freehold')
    .description('Takes plain SQL migrations online on Postgres: rehearsed, proven, reversible, resumable.')
    .version(packageJson.version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addOption(new Option('--json', 'print one JSON document on standard output'))
    .option('--service <name>', 'name of the service, part of application_name', parseServiceName)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Errors are thrown, and rendered in one place.
      outputError: () => {},
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  const migrate = program
    .command('migrate')
    .description('Lint, plan, deploy, complete and undo migrations.')
    .helpOption('--help', 'print this help')
    .addHelpText('after', epilogue)
  const add = <Options>(command: MigrateCommand<Options>) =>
    addCommand(migrate, command, async (options) => onExitCode(await runCommand(command, options, surroundings)))
  add(planCommand)
  add(deployCommand)
  add(completeCommand)
  add(undoCommand)
  add(statusCommand)
  add(historyCommand)
  add(driftCommand)
  add(baselineCommand)
  add(resolveCommand)
  addOfflineCommand(migrate, lintCommand, async (options, paths) =>
    onExitCode(await runOfflineCommand(lintCommand, options, paths, surroundings)),
  )
  addOfflineCommand(migrate, diffCommand, async (options, paths) =>
    onExitCode(await runOfflineCommand(diffCommand, options, paths, surroundings)),
  )
  addPlatformCommands(program, surroundings, onExitCode)
  return program
}

function addCommand<Options>(
  migrate: Command,
  definition: MigrateCommand<Options>,
  run: (options: Options & CommonOptions) => Promise<void>,
): void {
  const command = migrate
    .command(definition.name)
    .description(definition.summary)
    .helpOption('--help', 'print this help')
    .option(
      '--migrations <dir>',
      'folder of the migrations (default: of prisma.config.ts, or prisma/migrations)',
      parseNotEmpty,
    )
    .option('--database-url <url>', 'the database (default: DIRECT_URL, or DATABASE_URL)')
    .option('--database <name>', 'on a platform: which database of the service (default: its only one)', parseNotEmpty)
    .option('--schema <name>', 'schema of the migrations (default: of the URL, or public)', parseNotEmpty)
  definition.configure(command)
  command.action(() => run(command.optsWithGlobals<Options & CommonOptions>()))
}

function addOfflineCommand<Options>(
  migrate: Command,
  definition: OfflineCommand<Options>,
  run: (options: Options & { json?: boolean }, paths: string[]) => Promise<void>,
): void {
  const command = migrate
    .command(definition.name)
    .description(definition.summary)
    .helpOption('--help', 'print this help')
  definition.configure(command)
  command.action(() => run(command.optsWithGlobals<Options & { json?: boolean }>(), command.args))
}
