import { type Client, sqlstateOf } from '@freehold/postgres'
import type { Statement } from '../parse/statement.ts'
import type { Plan, Refusal } from '../plan/plan.ts'
import type { CheckAction, Step } from '../plan/step.ts'

/** Asks the live database, reading only, which rows would violate the plan's rules; returns a refusal for each rule. */
export async function askLiveRows(client: Client, plan: Plan, statements: Statement[]): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  for (const step of plan.steps) {
    if (step.do.kind !== 'check' || !step.do.atPlan) {
      continue
    }
    const found = await ask(client, step.do)
    const statement = statements.find(
      (one) => one.migrationId === step.migrationId && step.statements.includes(one.index),
    )
    if (found !== undefined && statement !== undefined) {
      refusals.push(toRefusal(step, step.do, statement, found))
    }
  }
  return refusals
}

async function ask(client: Client, check: CheckAction): Promise<{ examples: string[]; count: string } | undefined> {
  await client.query('BEGIN READ ONLY')
  try {
    const examples = await client.query<Record<string, string>>(check.examples)
    if (examples.rows.length === 0) {
      return undefined
    }
    const count = await client.query<Record<string, string>>(check.count)
    return {
      examples: examples.rows.map((row) => String(Object.values(row)[0])),
      count: String(Object.values(count.rows[0] ?? {})[0] ?? '?'),
    }
  } catch (error) {
    // A role that may not read the rows cannot ask; the step itself will tell.
    if (sqlstateOf(error) === '42501') {
      return undefined
    }
    throw error
  } finally {
    await client.query('ROLLBACK')
  }
}

function toRefusal(
  step: Step,
  check: CheckAction,
  statement: Statement,
  found: { examples: string[]; count: string },
): Refusal {
  return {
    migrationId: step.migrationId,
    index: statement.index,
    line: statement.line,
    sql: statement.sql,
    why: 'plain',
    sqlstate: check.sqlstate,
    reason: `${check.message} (${found.count}; for example ${found.examples.join(', ')})`,
    estimate: null,
  }
}
