import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderDrift } from '../render/outcomes.ts'

export const driftCommand: MigrateCommand<{ exitCode?: boolean }> = {
  name: 'drift',
  summary: 'show where the schema has left what the last run ended in',
  needsFolder: false,
  configure(command) {
    command.option('--exit-code', `exit with ${exitCodes.found} when drift is found`)
  },
  async run({ engine, target, text }, options) {
    const outcome = await engine.drift(target)
    const found = options.exitCode === true && (outcome.differences?.length ?? 0) > 0
    return { document: outcome, text: renderDrift(outcome, text), exitCode: found ? exitCodes.found : exitCodes.done }
  },
}
