/**
 * The statements of a batched step, prepared with the types that BatchAction promises, so that a statement need not use
 * every parameter, and run with literals, so that a whole range is one message.
 */
import { type Client, quoteLiteral } from '@freehold/postgres'
import type { BatchAction } from '../plan/step.ts'
import { runScript, settingsSql } from './transaction-script.ts'

const boundaryName = 'freehold_boundary'

/** A key as text, one part a column; null before the first range. */
export type Key = (string | null)[] | null

/** Prepares the statements in this session; they stay until `releaseBatch`, whatever becomes of the transaction. */
export async function prepareBatch(client: Client, action: BatchAction): Promise<void> {
  const keyTypes = action.key.map(() => 'text')
  const boundaryTypes = [...keyTypes, 'bigint'].join(', ')
  const rangeTypes = [...keyTypes, ...keyTypes, 'text'].join(', ')
  await runScript(client, [
    'BEGIN',
    ...settingsSql(action.settings),
    `PREPARE ${boundaryName} (${boundaryTypes}) AS ${action.boundary}`,
    ...action.sql.map((sql, index) => `PREPARE ${rangeName(index)} (${rangeTypes}) AS ${sql}`),
    'COMMIT',
  ])
}

/** Forgets the prepared statements. */
export async function releaseBatch(client: Client, action: BatchAction): Promise<void> {
  const names = [boundaryName, ...action.sql.map((_, index) => rangeName(index))]
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM pg_catalog.pg_prepared_statements WHERE name = ANY ($1)',
    [names],
  )
  for (const { name } of rows) {
    await client.query(`DEALLOCATE ${name}`)
  }
}

/** Returns the statement that gives the next range's last key. */
export function boundarySql(action: BatchAction, after: Key, rows: number): string {
  return `EXECUTE ${boundaryName} (${[...keyLiterals(action, after), String(rows)].join(', ')})`
}

/** Returns the statements of one range. */
export function rangeSql(action: BatchAction, after: Key, end: Key, now: string): string[] {
  const values = [...keyLiterals(action, after), ...keyLiterals(action, end), quoteLiteral(now)].join(', ')
  return action.sql.map((_, index) => `EXECUTE ${rangeName(index)} (${values})`)
}

/** Returns the key in a boundary's row, or undefined when there is no further range. */
export function readBoundary(
  action: BatchAction,
  after: Key,
  row: Record<string, unknown> | undefined,
): Key | undefined {
  if (row === undefined) {
    return undefined
  }
  const key = Object.values(row).map((value) => (value === null ? null : String(value)))
  // An aggregate gives one row of nulls where there is nothing left.
  if (key.length < action.key.length || key.every((part) => part === null)) {
    return undefined
  }
  if (after !== null && key.every((part, index) => part === after[index])) {
    throw new Error(`the boundary of a batch on ${action.table} gave the key ${key.join(', ')} again`)
  }
  return key
}

function rangeName(index: number): string {
  return `freehold_range_${index}`
}

function keyLiterals(action: BatchAction, key: Key): string[] {
  return action.key.map((_, part) => {
    const value = key?.[part] ?? null
    return value === null ? 'NULL' : quoteLiteral(value)
  })
}
