import type { Plan, PlannedStatement } from '@freehold/migrations/engine'
import { describePlain } from './locks.ts'
import {
  describeEstimate,
  describeInstead,
  describeNext,
  describeProof,
  describeRefusal,
  describeSubject,
  headlineOf,
  remedyOf,
} from './plan-words.ts'
import { oneLine } from './text.ts'

/** Renders the plan as Markdown for a pull request: the same table as on a terminal. */
export function renderPlanMarkdown(plan: Plan, warnings: string[], schema: string): string {
  const lines = [`### Freehold: ${describeSubject(plan)}`, '']
  if (plan.mode === 'asWritten') {
    lines.push('No table exists in this database, so nobody can wait: the files run as they stand.', '')
    lines.push(...plan.migrations.map((migration) => `- ${code(migration.id)}`), '')
  } else {
    lines.push(...statementTables(plan, schema), ...stepList(plan))
  }
  for (const refusal of plan.refusals) {
    const place = `${code(refusal.migrationId)}, statement ${refusal.index + 1}, line ${refusal.line}`
    lines.push(`**Refused**: ${place}: ${code(oneLine(refusal.sql, 200))}`, '')
    lines.push(`- ${prose(describeRefusal(refusal))}`, `- To do: ${prose(remedyOf(refusal))}`, '')
  }
  const notes = [
    ...plan.postponed.map(({ id, reason }) => `- Later: ${code(id)}: ${prose(reason)}`),
    ...[...new Set([...warnings, ...plan.warnings])].map((warning) => `- Warning: ${prose(warning)}`),
    ...describeProof(plan).map((line) => `- ${prose(line)}`),
    `- ${prose(describeNext(plan))}`,
  ]
  return `${[...lines, ...notes].join('\n')}\n`
}

/** Renders what there is to say where no migration is pending. */
export function renderNothingPendingMarkdown(warnings: string[]): string {
  return `${['### Freehold: nothing is pending', ...warnings.map((warning) => `\n- Warning: ${prose(warning)}`)].join('\n')}\n`
}

function statementTables(plan: Plan, schema: string): string[] {
  const lines: string[] = []
  const migrationIds = [...new Set(plan.statements.map((statement) => statement.migrationId))]
  for (const migrationId of migrationIds) {
    lines.push(`**${prose(migrationId)}**`, '')
    lines.push('| | Statement | As written | Instead | Why |', '|--:|---|---|---|---|')
    for (const statement of plan.statements.filter((candidate) => candidate.migrationId === migrationId)) {
      lines.push(statementRow(statement, plan, schema))
    }
    lines.push('')
  }
  return lines
}

function statementRow(statement: PlannedStatement, plan: Plan, schema: string): string {
  const { instead, because } = describeInstead(statement, plan)
  const cells = [
    String(statement.index + 1),
    code(oneLine(statement.sql, 160)),
    prose(describePlain(statement, schema)),
    prose(instead),
    prose(because ?? ''),
  ]
  return `| ${cells.join(' | ')} |`
}

function stepList(plan: Plan): string[] {
  if (plan.steps.length === 0) {
    return []
  }
  const lines = [`<details><summary>${plan.steps.length} steps</summary>`, '']
  lines.push('| Step | Phase | Mechanism | What | Estimate |', '|---|---|---|---|---|')
  for (const step of plan.steps) {
    const what = code(oneLine(headlineOf(step), 160))
    lines.push(`| ${step.id} | ${step.phase} | ${step.mechanism} | ${what} | ${describeEstimate(step.estimate)} |`)
  }
  return [...lines, '', '</details>', '']
}

/** Returns the text as a code span that a table's cell can hold: the fence is longer than any run of backticks in it. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length))
  const fence = '`'.repeat(longest + 1)
  const padding = longest > 0 ? ' ' : ''
  return `${fence}${padding}${text.replaceAll('|', '\\|')}${padding}${fence}`
}

/** Returns the text with what Markdown and HTML would take as markup escaped. */
function prose(text: string): string {
  return oneLine(text, 2000)
    .replace(/[\\`*_[\]|~]/g, (character) => `\\${character}`)
    .replaceAll('<', '&lt;')
}
