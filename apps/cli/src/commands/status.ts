import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderStatus } from '../render/outcomes.ts'

export const statusCommand: MigrateCommand<{ exitCode?: boolean }> = {
  name: 'status',
  summary: 'show which migrations the database has, and the window that is open',
  needsFolder: true,
  configure(command) {
    command.option('--exit-code', `exit with ${exitCodes.found} when a window is open`)
  },
  async run({ engine, target, text }, options) {
    const outcome = await engine.status(target)
    const found = options.exitCode === true && outcome.openRun !== null
    return { document: outcome, text: renderStatus(outcome, text), exitCode: found ? exitCodes.found : exitCodes.done }
  },
}
