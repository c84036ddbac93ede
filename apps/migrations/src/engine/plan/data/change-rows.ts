/**
 * The statement itself, with what it changes written down by the same statement: all parts of one statement see the
 * same snapshot, so a table read beside the change that RETURNING reports still shows the rows as they were.
 */

import { quoteIdentifier } from '@freehold/postgres'
import type { DeleteStmt, InsertStmt, Node, ReturningClause, UpdateStmt } from '@pgsql/types'
import { deparse } from '../../parse/deparse.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import { both, expressionNode } from './expression.ts'
import { fixNow } from './fixed-now.ts'
import type { Target } from './kept-table.ts'
import { nowParameter, rangeConditions } from './key-range.ts'
import type { KeyColumn } from './table-key.ts'

/** The name of the WITH query that holds the user's statement. */
export const changed = 'freehold_changed'

/** An expression that the statement returns, and under which name. */
export interface Returned {
  sql: string
  name?: string
}

type Body = UpdateStmt & DeleteStmt & InsertStmt

/** Returns the statement for one range of the key, with `now()` fixed. Throws a DeparseError. */
export function inRange(statement: DataStatement, key: KeyColumn[], returning: Returned[]): string {
  const { behind, upTo } = rangeConditions(key, statement.alias)
  const body = fixNow(bodyFrom(statement), nowParameter(key))
  const whereClause = both(body.whereClause, [expressionNode(behind), expressionNode(upTo)])
  return rebuild(statement, { ...body, whereClause }, returning)
}

/** Returns the statement as it is, but for what it returns. Throws a DeparseError. */
export function asOne(statement: DataStatement, returning: Returned[]): string {
  return rebuild(statement, bodyFrom(statement), returning)
}

function bodyFrom(statement: DataStatement): Body {
  return (statement.node as unknown as Record<string, Body>)[statement.kind] as Body
}

function rebuild(statement: DataStatement, body: Body, returning: Returned[]): string {
  const { returningClause: _, ...rest } = body
  const exprs = returning.map((item): Node => returned(item))
  const clause: { returningClause?: ReturningClause } = exprs.length === 0 ? {} : { returningClause: { exprs } }
  return deparse({ [statement.kind]: { ...rest, ...clause } } as unknown as Node)
}

function returned({ sql, name }: Returned): Node {
  return { ResTarget: { ...(name === undefined ? {} : { name }), val: expressionNode(sql) } }
}

/** Returns what RETURNING names so that key and new values stand under `key_…` and `new_…`. */
export function keyAndNew(alias: string, target: Target, columns: string[]): Returned[] {
  return [
    ...(target.key ?? []).map((column, position) => ({ sql: of(alias, column.name), name: `key_${position + 1}` })),
    ...columns.map((column, position) => ({ sql: of(alias, column), name: `new_${position + 1}` })),
  ]
}

/** Returns `"alias"."column"`. */
export function of(alias: string, column: string): string {
  return `${quoteIdentifier(alias)}.${quoteIdentifier(column)}`
}

/** Returns the condition that both sides have the same key, given the prefixed names of the second. */
export function sameKey(alias: string, key: KeyColumn[], kept: string): string {
  return key.map((column, position) => `${of(alias, column.name)} = ${kept}.key_${position + 1}`).join(' AND ')
}

/**
 * Returns the query for the row as it was before the change. LIMIT keeps the planner from making a join of it, which for
 * a wrong guess of the number of changed rows reads the whole table, or reads a range once a row.
 */
export function rowBefore(target: Target & { key: KeyColumn[] }): string {
  return `SELECT * FROM ${target.sql} AS t WHERE ${sameKey('t', target.key, changed)} LIMIT 1`
}
