import type { Plan } from '@freehold/migrations/engine'
import { Problem } from '@freehold/migrations/problem'
import { cliProblems } from '../cli-problems.ts'
import type { MigrateCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseNotEmpty } from '../option-values.ts'
import { checkPlanFile, writePlanFile } from '../plan-file.ts'
import { renderWarnings } from '../render/outcomes.ts'
import { renderNothingPendingMarkdown, renderPlanMarkdown } from '../render/plan-markdown.ts'
import { renderPlanSql } from '../render/plan-sql.ts'
import { renderPlanText, type TextOptions } from '../render/plan-text.ts'

interface PlanCommandOptions {
  json?: boolean
  sql?: boolean
  markdown?: boolean
  out?: string
}

export const planCommand: MigrateCommand<PlanCommandOptions> = {
  name: 'plan',
  summary: 'show what the pending migrations would do as written, and what will be done instead',
  needsFolder: true,
  configure(command) {
    command
      .option('--sql', 'print the SQL of the plan by phase')
      .option('--markdown', 'print the plan for a pull request')
      .option('--out <file>', 'write the plan for deploy --plan', parseNotEmpty)
  },
  check({ json, sql, markdown }) {
    if ([json, sql, markdown].filter((form) => form === true).length > 1) {
      throw new Problem(cliProblems.wrongUse, 'only one of --json, --sql and --markdown can be printed')
    }
  },
  async run({ engine, target, surroundings, text }, options) {
    if (options.out !== undefined) {
      await checkPlanFile(surroundings.folder, options.out)
    }
    const { plan, warnings } = await engine.plan(target)
    const refused = plan !== null && plan.refusals.length > 0
    const outcome = plan === null ? 'nothingPending' : refused ? 'refused' : 'planned'
    const document = { outcome, plan, warnings }
    if (options.out !== undefined) {
      await writePlanFile(surroundings.folder, options.out, document)
    }
    return {
      document,
      text: plan === null ? renderNothingPending(options, warnings, text) : renderPlan(options, plan, warnings, text),
      exitCode: refused ? exitCodes.refused : exitCodes.done,
    }
  },
}

function renderPlan(options: PlanCommandOptions, plan: Plan, warnings: string[], text: TextOptions): string {
  if (options.sql === true) {
    return renderPlanSql(plan)
  }
  return options.markdown === true
    ? renderPlanMarkdown(plan, warnings, text.schema)
    : renderPlanText(plan, warnings, text)
}

function renderNothingPending(options: PlanCommandOptions, warnings: string[], text: TextOptions): string {
  if (options.markdown === true) {
    return renderNothingPendingMarkdown(warnings)
  }
  if (options.sql === true) {
    return '-- Nothing is pending.\n'
  }
  const lines = [
    ...renderWarnings(warnings, text),
    'Nothing is pending: the database has every migration of the folder.',
  ]
  return `${lines.join('\n')}\n`
}
