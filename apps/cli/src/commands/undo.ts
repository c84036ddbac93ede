import { maxLockMsDefault } from '@freehold/migrations/limits'
import type { MigrateCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseMaxLockMs, parseNotEmpty } from '../option-values.ts'
import { renderUndoOutcome } from '../render/outcomes.ts'

interface UndoCommandOptions {
  to?: string
  dryRun?: boolean
  maxLockMs: number
  yes?: boolean
}

export const undoCommand: MigrateCommand<UndoCommandOptions> = {
  name: 'undo',
  summary: 'take the last run back: schema and rows as they were before it',
  needsFolder: false,
  configure(command) {
    command
      .option('--to <migration>', 'take back all after this migration', parseNotEmpty)
      .option('--dry-run', 'show what would be run, run nothing')
      .option('--max-lock-ms <n>', 'longest time that a caller waits for a step', parseMaxLockMs, maxLockMsDefault)
      .option('--yes', 'ask nothing')
  },
  async run({ engine, target, surroundings, text, place }, options) {
    const dryRun = options.dryRun === true
    await confirm(surroundings, target.signal, {
      question: `Take the last run on ${place} back? The new version of the application stops working.`,
      given: dryRun || options.yes === true,
      withoutTerminal: 'refuse',
    })
    const outcome = await engine.undo(target, {
      ...(options.to === undefined ? {} : { to: options.to }),
      dryRun,
      maxLockMs: options.maxLockMs,
    })
    return { document: outcome, text: renderUndoOutcome(outcome, text), exitCode: exitCodes.done }
  },
}
