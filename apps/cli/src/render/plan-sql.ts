import type { Plan } from '@freehold/migrations/engine'
import { fileOf } from '@freehold/migrations/statement'
import { lockModes } from './locks.ts'
import { describeSubject } from './plan-words.ts'

type Step = Plan['steps'][number]
type Action = Step['do']

const phases = ['expand', 'backfill', 'contract'] as const

/** Renders the SQL of the plan by phase, for reading: the runner adds lock bounds, its journal and the batches' keys. */
export function renderPlanSql(plan: Plan): string {
  const lines = [
    `-- ${describeSubject(plan)}; plan ${plan.contentHash}`,
    '-- For reading. freehold migrate deploy runs it with bounded waits for locks, step by step, with a journal.',
  ]
  for (const refusal of plan.refusals) {
    lines.push('', ...comment(`refused: ${refusal.migrationId}, line ${refusal.line}: ${refusal.reason}`))
    lines.push(...comment(refusal.sql))
  }
  if (plan.mode === 'asWritten') {
    lines.push('', '-- No table exists, so these files run as they stand:')
    lines.push(...comment(...plan.migrations.map(({ id }) => fileOf(id))))
  }
  for (const phase of phases) {
    const steps = plan.steps.filter((step) => step.phase === phase)
    if (steps.length > 0) {
      lines.push('', `-- ==== ${phase} ====`)
    }
    for (const step of steps) {
      lines.push('', ...renderStep(step))
    }
  }
  return `${lines.join('\n')}\n`
}

function renderStep(step: Step): string[] {
  const statements = step.statements.map((index) => index + 1).join(', ')
  const origin = statements === '' ? step.migrationId : `${step.migrationId} (statement ${statements})`
  return [
    ...comment(`${step.id} ${step.mechanism}: ${origin}`),
    ...comment(step.reason),
    ...renderAction(step.do),
    ...comment(...renderAction(step.undo).map((line) => `undo: ${line}`)),
  ]
}

function renderAction(action: Action): string[] {
  switch (action.kind) {
    case 'transaction':
      return [
        'BEGIN;',
        ...comment(...Object.entries(action.settings).map(([name, value]) => `with ${name} = ${value}`)),
        ...comment(
          ...action.locks.map(({ schema, name, mode }) => `locks ${schema}.${name} in ${lockModes[mode].name} mode`),
        ),
        ...action.sql.map(terminated),
        'COMMIT;',
      ]
    case 'concurrent':
      return ['-- outside a transaction', terminated(action.sql)]
    case 'batch':
      return renderBatch(action)
    case 'twin':
      return renderTwin(action)
    case 'check':
      return [...comment(`stops here when this finds a row: ${action.message}`), terminated(action.examples)]
    case 'none':
      return action.reason === undefined ? [] : comment(action.reason)
  }
}

function renderBatch(action: Extract<Action, { kind: 'batch' }>): string[] {
  const key = action.key.map((part) => part.name).join(', ')
  const parts = action.key.length
  return [
    ...action.before.map(terminated),
    ...comment(
      `for each range of ${action.schema}.${action.table} by (${key}), one transaction a range;`,
      `${parameters(1, parts)}: the key before it, ${parameters(parts + 1, 2 * parts)}: its last key, $${2 * parts + 1}: now()`,
    ),
    ...comment(...action.sql.map(terminated)),
    ...action.after.map(terminated),
  ]
}

function renderTwin({ schema, table, script, statements }: Extract<Action, { kind: 'twin' }>): string[] {
  if (script === null) {
    return comment(...statements.map(terminated))
  }
  const parts = script.key.length
  const key = script.key.map((part) => part.name).join(', ')
  return [
    ...comment(`a twin of ${schema}.${table}, for:`, ...statements.map(terminated)),
    ...transaction(script.make),
    ...comment('from here on the keys of what is written are logged'),
    ...transaction(script.watch.sql),
    ...comment(
      `for each range of ${schema}.${table} by (${key}), one transaction a range;`,
      `${parameters(1, parts)}: the key before it, ${parameters(parts + 1, 2 * parts)}: its last key`,
      terminated(script.copy),
      'as often as there is something in the log:',
      ...script.apply.map(terminated),
    ),
    ...script.builds.flatMap(transaction),
    ...comment('compared, by the same ranges:', terminated(script.compare.sql), terminated(script.count)),
    ...comment(
      'the exchange, with what was logged last, under',
      ...script.swap.locks.map(({ schema: of, name, mode }) => `${lockModes[mode].name} on ${of}.${name}`),
    ),
    ...transaction([...script.swap.sql, ...script.place.sql]),
    ...script.validate.map(terminated),
    ...transaction(script.clean),
  ]
}

function transaction(sql: string[]): string[] {
  return ['BEGIN;', ...sql.map(terminated), 'COMMIT;']
}

function parameters(first: number, last: number): string {
  return first === last ? `$${first}` : `$${first}…$${last}`
}

/** Returns the texts as comments, each of their lines behind dashes. */
function comment(...texts: string[]): string[] {
  return texts.flatMap((text) =>
    text.split(/\r\n|[\r\n]/).map((line) => (line.startsWith('-- ') ? line : `-- ${line}`)),
  )
}

/** Ends the statement; on a line of its own where the text could end in a comment. */
function terminated(sql: string): string {
  const lastLine = sql.slice(sql.lastIndexOf('\n') + 1)
  if (lastLine.includes('--')) {
    return `${sql}\n;`
  }
  return lastLine.endsWith(';') ? sql : `${sql};`
}
