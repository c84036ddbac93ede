import { Problem } from '@freehold/migrations/problem'
import { Option } from 'commander'
import { cliProblems } from '../cli-problems.ts'
import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseNotEmpty } from '../option-values.ts'
import { printable } from '../render/text.ts'

interface ResolveCommandOptions {
  applied?: string
  rolledBack?: string
}

export const resolveCommand: MigrateCommand<ResolveCommandOptions> = {
  name: 'resolve',
  summary: 'enter a failed migration as applied or as rolled back, as prisma migrate resolve does',
  needsFolder: true,
  configure(command) {
    command
      .addOption(
        new Option('--applied <migration>', 'enter it as applied').argParser(parseNotEmpty).conflicts('rolledBack'),
      )
      .addOption(new Option('--rolled-back <migration>', 'enter it as rolled back').argParser(parseNotEmpty))
  },
  check(options) {
    if (options.applied === undefined && options.rolledBack === undefined) {
      throw new Problem(cliProblems.wrongUse, 'one of --applied MIGRATION and --rolled-back MIGRATION is needed')
    }
  },
  async run({ engine, target }, options) {
    const outcome = await engine.resolve(target, {
      ...(options.applied === undefined ? {} : { applied: options.applied }),
      ...(options.rolledBack === undefined ? {} : { rolledBack: options.rolledBack }),
    })
    const state = outcome.state === 'applied' ? 'applied' : 'rolled back'
    return {
      document: outcome,
      text: `${printable(outcome.migrationId)} is entered as ${state}; nothing was run.\n`,
      exitCode: exitCodes.done,
    }
  },
}
