import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderHistory } from '../render/outcomes.ts'

export const historyCommand: MigrateCommand<object> = {
  name: 'history',
  summary: 'show the runs that the database has seen',
  needsFolder: false,
  configure() {},
  async run({ engine, target, text }) {
    const runs = await engine.history(target)
    return { document: { runs }, text: renderHistory(runs, text), exitCode: exitCodes.done }
  },
}
