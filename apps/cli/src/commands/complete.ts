import { maxLockMsDefault } from '@freehold/migrations/limits'
import type { MigrateCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseMaxLockMs } from '../option-values.ts'
import { renderDeployOutcome } from '../render/outcomes.ts'

interface CompleteCommandOptions {
  maxLockMs: number
  yes?: boolean
}

export const completeCommand: MigrateCommand<CompleteCommandOptions> = {
  name: 'complete',
  summary: 'run the contract phase of the open window: remove what only the old version used',
  needsFolder: false,
  configure(command) {
    command
      .option('--max-lock-ms <n>', 'longest time that a caller waits for a step', parseMaxLockMs, maxLockMsDefault)
      .option('--yes', 'ask nothing')
  },
  async run({ engine, target, surroundings, text, place }, options) {
    await confirm(surroundings, target.signal, {
      question: `Complete the open window on ${place}? The old version of the application stops working.`,
      given: options.yes === true,
      withoutTerminal: 'refuse',
    })
    const outcome = await engine.complete(target, { maxLockMs: options.maxLockMs })
    // The plan is what `plan --json` prints; the run carries its id.
    const { plan: _plan, ...document } = outcome
    return { document, text: renderDeployOutcome(outcome, text), exitCode: exitCodes.done }
  },
}
