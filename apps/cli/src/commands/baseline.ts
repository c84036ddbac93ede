import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderWarnings } from '../render/outcomes.ts'
import { countOf } from '../render/quantities.ts'
import { printable } from '../render/text.ts'

export const baselineCommand: MigrateCommand<object> = {
  name: 'baseline',
  summary: 'enter the folder’s migrations as applied, running nothing',
  needsFolder: true,
  configure() {},
  async run({ engine, target, text }) {
    const { applied, warnings } = await engine.baseline(target)
    const lines = [
      ...renderWarnings(warnings, text),
      `${countOf(applied.length, 'migration')} entered as applied; nothing was run.`,
      ...applied.map((id) => `  ${printable(id)}`),
    ]
    return { document: { applied, warnings }, text: `${lines.join('\n')}\n`, exitCode: exitCodes.done }
  },
}
