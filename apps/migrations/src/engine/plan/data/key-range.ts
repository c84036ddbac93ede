/** SQL for going through a table by ranges of its key, with the parameters that BatchAction promises. */
import { quoteIdentifier } from '@freehold/postgres'
import type { KeyColumn } from './table-key.ts'

/** A generic plan would not know that the lower bound is there and start each range at the table's beginning. */
export const rangeSettings = { plan_cache_mode: 'force_custom_plan' }

/** For a statement that finds every row of a range by its key: the guess for a table never analysed must not decide. */
export const lookUpSettings = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' }

/** Returns the conditions «behind `$1…$n`» and «up to `$n+1…$2n`» on the key of what `alias` names. */
export function rangeConditions(key: KeyColumn[], alias: string): { behind: string; upTo: string } {
  const row = rowOf(key.map((column) => `${quoteIdentifier(alias)}.${quoteIdentifier(column.name)}`))
  return {
    behind: `($1::text IS NULL OR ${row} > ${parameters(key, 1)})`,
    upTo: `${row} <= ${parameters(key, key.length + 1)}`,
  }
}

/** Returns the query for the key with which the next range ends. */
export function boundaryQuery(table: string, key: KeyColumn[]): string {
  const names = key.map((column) => quoteIdentifier(column.name))
  const behind = `($1::text IS NULL OR ${rowOf(names)} > ${parameters(key, 1)})`
  return [
    `SELECT ${names.map((name) => `${name}::text`).join(', ')}`,
    `FROM (SELECT ${names.join(', ')} FROM ${table} WHERE ${behind}`,
    `  ORDER BY ${names.join(', ')} LIMIT $${key.length + 1}::bigint) AS range`,
    `ORDER BY ${names.map((name) => `range.${name} DESC`).join(', ')} LIMIT 1`,
  ].join('\n')
}

/** Returns the parameter that holds the run's fixed now(). */
export function nowParameter(key: KeyColumn[]): string {
  return `$${2 * key.length + 1}::text::timestamptz`
}

function parameters(key: KeyColumn[], from: number): string {
  return rowOf(key.map((column, position) => `$${from + position}::text::${column.type}`))
}

function rowOf(parts: string[]): string {
  return parts.length === 1 ? (parts[0] as string) : `ROW(${parts.join(', ')})`
}
