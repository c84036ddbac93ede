import type { Client } from '@freehold/postgres'
import type { Action, BatchAction, CheckAction, ConcurrentAction, Step, TransactionAction } from '../plan/step.ts'
import { boundarySql, type Key, prepareBatch, rangeSql, readBoundary, releaseBatch } from './batch-statements.ts'
import { executeTwin } from './execute-twin.ts'
import { StepError, toStepError } from './step-error.ts'
import { findLockTargets, lockSql, locksToTake, runScript, settingsSql } from './transaction-script.ts'

export { StepError } from './step-error.ts'

/** So few that a shadow's handful of rows takes several ranges. */
const rowsPerRange = 3

/**
 * Carries out the steps' `do` in order, or their `undo` in reverse, on a database where nobody waits: no lock etiquette
 * and no journal. Returns how many rows each step touched; throws a StepError for the first one that fails.
 */
export async function executePlainly(
  client: Client,
  steps: Step[],
  direction: 'do' | 'undo',
): Promise<Map<string, number>> {
  await makeSchema(client)
  const { rows } = await client.query<{ now: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS now`,
  )
  const now = rows[0]?.now ?? ''
  const touched = new Map<string, number>()
  for (const step of direction === 'do' ? steps : steps.toReversed()) {
    const action = step[direction]
    try {
      touched.set(step.id, await executeAction(client, step.id, action, now, direction))
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {})
      throw toStepError(step.id, error, 'sqlstates' in action ? action.sqlstates : undefined)
    }
  }
  return touched
}

async function makeSchema(client: Client): Promise<void> {
  // IF NOT EXISTS alone asks for CREATE on the database even where the schema is there.
  const { rows } = await client.query<{ missing: boolean }>(`SELECT to_regnamespace('freehold') IS NULL AS missing`)
  if (rows[0]?.missing === true) {
    await client.query('CREATE SCHEMA IF NOT EXISTS freehold')
  }
}

async function executeAction(
  client: Client,
  stepId: string,
  action: Action,
  now: string,
  direction: 'do' | 'undo',
): Promise<number> {
  switch (action.kind) {
    case 'transaction':
      return await executeTransaction(client, action, direction)
    case 'concurrent':
      return await executeConcurrent(client, stepId, action)
    case 'batch':
      return await executeBatch(client, action, now)
    case 'twin':
      return await executeTwin(client, action, now, executeBatch)
    case 'check':
      return await executeCheck(client, stepId, action)
    case 'none':
      return 0
  }
}

async function executeTransaction(
  client: Client,
  action: TransactionAction,
  direction: 'do' | 'undo',
): Promise<number> {
  const targets = await findLockTargets(client, action.locks)
  // What a step takes back may not be there yet; but what it does must name its locks rightly, or the server says so.
  const locks =
    direction === 'undo' ? locksToTake(targets) : targets.filter((target) => target.lockable || target.oid === null)
  const results = await runScript(client, [
    'BEGIN',
    ...settingsSql(action.settings),
    ...locks.map((lock) => lockSql(lock)),
    ...action.sql,
    'COMMIT',
  ])
  return action.sql.length === 0 ? 0 : (results.at(-2)?.rowCount ?? 0)
}

async function executeConcurrent(client: Client, stepId: string, action: ConcurrentAction): Promise<number> {
  await client.query(action.sql)
  if (action.done !== '' && !(await isDone(client, action))) {
    throw new StepError(stepId, `the statement ended, but its effect is not there: ${action.sql}`)
  }
  return 0
}

/** Asks the database whether the statement's effect is there and valid. */
export async function isDone(client: Client, action: ConcurrentAction): Promise<boolean> {
  if (action.done === '') {
    return false
  }
  const { rows } = await client.query<Record<string, unknown>>(action.done)
  return Object.values(rows[0] ?? {})[0] === true
}

async function executeBatch(client: Client, action: BatchAction, now: string): Promise<number> {
  const around = async (statements: string[]): Promise<void> => {
    if (statements.length > 0) {
      await runScript(client, ['BEGIN', ...settingsSql(action.settings), ...statements, 'COMMIT'])
    }
  }
  await around(action.before)
  await prepareBatch(client, action)
  let touched = 0
  try {
    let after: Key = null
    for (;;) {
      const begin = ['BEGIN ISOLATION LEVEL REPEATABLE READ', ...settingsSql(action.settings)]
      const found = await runScript(client, [...begin, boundarySql(action, after, rowsPerRange)])
      const end = readBoundary(action, after, found.at(-1)?.rows[0])
      if (end === undefined) {
        await client.query('COMMIT')
        break
      }
      const results = await runScript(client, [...rangeSql(action, after, end, now), 'COMMIT'])
      touched += results.at(-2)?.rowCount ?? 0
      after = end
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    await releaseBatch(client, action).catch(() => {})
    throw error
  }
  await releaseBatch(client, action)
  await around(action.after)
  return touched
}

async function executeCheck(client: Client, stepId: string, action: CheckAction): Promise<number> {
  const violation = await findViolation(client, action)
  if (violation !== undefined) {
    throw new StepError(stepId, `${action.message} (${violation.count})`, {
      sqlstate: action.sqlstate,
      lines: violation.examples,
    })
  }
  return 0
}

/** Returns how many rows violate and up to three of them, or undefined when none does. */
export async function findViolation(
  client: Client,
  action: CheckAction,
): Promise<{ count: string; examples: string[] } | undefined> {
  const examples = await client.query<Record<string, unknown>>(action.examples)
  if (examples.rows.length === 0) {
    return undefined
  }
  const counted = await client.query<Record<string, unknown>>(action.count)
  return {
    count: String(Object.values(counted.rows[0] ?? {})[0] ?? examples.rows.length),
    examples: examples.rows.slice(0, 3).map((row) => String(Object.values(row)[0])),
  }
}
