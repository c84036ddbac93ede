import { relative, resolve } from 'node:path'
import type { DiffOptions, DiffOutcome } from '@freehold/migrations/engine'
import { Problem } from '@freehold/migrations/problem'
import { InvalidArgumentError } from 'commander'
import { cliProblems } from '../cli-problems.ts'
import type { OfflineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseNotEmpty } from '../option-values.ts'
import { printable } from '../render/text.ts'
import type { Surroundings } from '../surroundings.ts'
import { findFolder } from '../target-options.ts'

interface DiffCommandOptions {
  migrations?: string
  schema?: string
  schemaFile?: string
  name: string
  rename?: string[]
  renames: boolean
}

export const diffCommand: OfflineCommand<DiffCommandOptions> = {
  name: 'diff',
  summary: 'write the next migration of a Prisma schema that has changed',
  configure(command) {
    command
      .option(
        '--migrations <dir>',
        'folder of the migrations (default: of prisma.config.ts, or prisma/migrations)',
        parseNotEmpty,
      )
      .option(
        '--schema-file <file>',
        'the Prisma schema, a file or a folder (default: of prisma.config.ts, or prisma/schema.prisma)',
        parseNotEmpty,
      )
      .option('--schema <name>', 'schema that names without one stand in (default: public)', parseNotEmpty)
      .option('--name <name>', 'what the migration is called', parseName, 'migration')
      .option('--rename <old:new>', 'a table, or table.column, that has another name now; may be repeated', addRename)
      .option('--no-renames', 'take everything that is gone as dropped, and ask nothing')
  },
  check({ rename, renames }, paths) {
    if (paths.length > 0) {
      throw new Problem(cliProblems.wrongUse, `${paths[0]} is one argument too many`)
    }
    if (!renames && rename !== undefined) {
      throw new Problem(cliProblems.wrongUse, 'only one of --rename and --no-renames can be given')
    }
  },
  async run({ engine, surroundings }, options) {
    const { folder } = surroundings
    const { schemaFile = await engine.findSchemaFile(folder) } = options
    const target = {
      migrationsFolder: await findFolder(options, { engine, folder, needed: true }),
      schemaFile: resolve(folder, schemaFile),
      schema: options.schema ?? 'public',
    }
    const outcome = await engine.diff(target, {
      name: options.name,
      now: new Date(),
      renames: options.rename ?? [],
      isRenamed: options.renames ? askWhether(surroundings) : () => Promise.resolve(false),
    })
    const shown = { ...outcome, file: outcome.file === null ? null : relative(folder, outcome.file) }
    return {
      document: shown,
      text: render(shown),
      exitCode: outcome.unanswered.length > 0 ? exitCodes.refused : exitCodes.done,
    }
  },
}

/** Without a terminal nobody knows. */
function askWhether({ confirm }: Surroundings): DiffOptions['isRenamed'] {
  return async ({ kind, table, from, to }) => {
    const what =
      kind === 'table' ? `The table ${from} is gone and ${to}` : `The column ${from} of ${table} is gone and ${to}`
    const question = `${printable(what)} is new. Is it the same under another name?`
    return confirm === null ? undefined : await confirm(question, new AbortController().signal)
  }
}

function render({ outcome, file, renames, unanswered }: DiffOutcome): string {
  if (outcome === 'noDifference') {
    return 'The migrations end in what the schema file says; nothing was written.\n'
  }
  const lines = [`${printable(file ?? '')} is written; read it before it is deployed.`]
  lines.push(...renames.map((rename) => `  renames ${printable(rename.replace(':', ' to '))}`))
  if (unanswered.length > 0) {
    lines.push(
      'It drops what may only have another name, and its rows with it. Delete it and run this again with what is true:',
      ...unanswered.map((rename) => `  --rename ${printable(rename)}`),
      '  --no-renames, where nothing is',
    )
  }
  return `${lines.join('\n')}\n`
}

function parseName(text: string): string {
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw new InvalidArgumentError('It holds no letter and no digit.')
  }
  return text
}

function addRename(text: string, before: string[] = []): string[] {
  return [...before, parseNotEmpty(text)]
}
