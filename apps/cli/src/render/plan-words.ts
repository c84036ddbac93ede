import type { Plan, PlannedStatement, Refusal } from '@freehold/migrations/engine'
import { countOf, formatBytes, formatDuration } from './quantities.ts'

type Step = Plan['steps'][number]

/** Sentences about a plan that its text and its Markdown share. */

/** What each mechanism does, in a few words. */
const mechanisms: Record<PlannedStatement['mechanism'], string> = {
  brief: 'as written, under a short lock',
  concurrent: 'built beside the application, which goes on',
  validated: 'added unchecked, then validated while the application goes on',
  batched: 'in batches by key',
  deferred: 'kept for the old version until it is gone',
  twin: 'by a second table that takes over',
}

/** Says how a statement of the plan will be carried out, and why so. */
export function describeInstead(statement: PlannedStatement, plan: Plan): { instead: string; because: string | null } {
  if (statement.steps.length > 0) {
    const how = mayBlock(statement, plan)
      ? 'as written, for as long as it takes'
      : `${statement.mechanism}: ${mechanisms[statement.mechanism]}`
    const where = statement.phases.length === 0 ? '' : `, in ${statement.phases.join(' and ')}`
    return { instead: `${how}${where} (${statement.steps.join(', ')})`, because: statement.reason }
  }
  const isRefused = plan.refusals.some(
    ({ migrationId, index }) => migrationId === statement.migrationId && index === statement.index,
  )
  if (isRefused) {
    return { instead: 'refused, see below', because: null }
  }
  return plan.refusals.length > 0
    ? { instead: 'not run, for another statement is refused', because: null }
    : { instead: 'nothing', because: statement.reason }
}

/** Tells whether a directive of the statement's author lets it block. */
function mayBlock(statement: PlannedStatement, plan: Plan): boolean {
  return plan.steps.some(
    ({ id, do: action }) =>
      statement.steps.includes(id) && action.kind === 'transaction' && action.patience === 'allowed',
  )
}

/** Says how long a step takes and what it writes, as far as that is worth saying. */
export function describeEstimate(estimate: Step['estimate']): string {
  const parts: string[] = []
  if (estimate.durationMs !== null) {
    parts.push(`about ${formatDuration(estimate.durationMs)}`)
  }
  // What fits the smallest WAL segment is no news to anybody.
  const worthSaying = 16 * 1024 * 1024
  if (estimate.walBytes >= worthSaying) {
    parts.push(`${formatBytes(estimate.walBytes)} of WAL`)
  }
  if (estimate.diskBytes >= worthSaying) {
    parts.push(`${formatBytes(estimate.diskBytes)} of disk`)
  }
  return parts.join(', ')
}

/** Returns the statement that stands for the step in a list. */
export function headlineOf(step: Step): string {
  const action = step.do
  switch (action.kind) {
    case 'transaction':
      // Of a list of statements the reason tells more than the first one.
      return action.sql.length === 1 ? (action.sql[0] ?? '') : step.reason
    case 'concurrent':
      return action.sql
    case 'batch':
      return `${action.table} by ${action.key.map((part) => part.name).join(', ')}: ${step.reason}`
    case 'twin':
      return action.statements.length === 1 ? (action.statements[0] ?? '') : step.reason
    case 'check':
      return `check: ${action.message}`
    case 'none':
      return action.reason ?? 'nothing to run'
  }
}

/** Says what a person can do about a refusal. */
export function remedyOf(refusal: Refusal): string {
  switch (refusal.why) {
    case 'twin':
      return 'where it may block: a comment before the statement, -- freehold: allow-blocking "<reason>", runs it as written'
    case 'rule':
      return 'change the statement as the reason says; docs/reference/directives.md has what a comment before it can allow'
    case 'plain':
      return 'mend the statement, or the rows it fails on; nothing was run'
    case 'proof':
      return 'nothing was run; the plan is at fault and not the migration: please report it with the difference'
    case 'notRehearsed':
      return 'mend what the reason names, for nothing is run that was not rehearsed'
  }
}

/** Says in one line why a statement is refused. */
export function describeRefusal(refusal: Refusal): string {
  const state = refusal.sqlstate === null ? '' : ` (SQLSTATE ${refusal.sqlstate})`
  const estimate = refusal.estimate === null ? '' : describeEstimate(refusal.estimate)
  return `${refusal.reason}${state}${estimate === '' ? '' : `; as written it takes ${estimate}`}`
}

/** Says what the proof showed, one sentence a line. */
export function describeProof(plan: Plan): string[] {
  if (plan.proof === null) {
    if (plan.mode === 'asWritten') {
      return []
    }
    return [plan.refusals.length > 0 ? 'Not proven, for it is not run.' : 'Not proven.']
  }
  const lines = [
    'Proven on a shadow: expand and undo leave schema and rows as they were; all phases leave what the plain statements leave.',
  ]
  for (const { migrationId, index, rows } of plan.proof.exercised) {
    const what = rows === 0 ? 'touched no row there: not exercised' : `touched ${countOf(rows, 'row')} there`
    lines.push(`Statement ${index + 1} of ${migrationId} ${what}.`)
  }
  for (const object of plan.proof.stays) {
    lines.push(`Stays after undo: ${object}`)
  }
  return lines
}

/** Says what to run next. */
export function describeNext(plan: Plan): string {
  if (plan.refusals.length > 0) {
    return `Refused: nothing of this plan is run until the ${plan.refusals.length === 1 ? 'statement above is' : 'statements above are'} settled.`
  }
  if (!plan.steps.some((step) => step.phase === 'contract')) {
    return 'Next: freehold migrate deploy runs all of it; nothing is left to contract.'
  }
  return 'Next: freehold migrate deploy runs expand and backfill; freehold migrate complete runs contract when the old version is gone.'
}

/** Names the server and the migrations in one line. */
export function describeSubject(plan: Plan): string {
  const statements = plan.statements.length === 0 ? '' : `, ${countOf(plan.statements.length, 'statement')}`
  return `${countOf(plan.migrations.length, 'migration')}${statements}, PostgreSQL ${plan.serverMajor}`
}
