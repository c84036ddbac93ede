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

/** What RETURNING calls the row as it was. */
const oldRow = 'freehold_old'

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
  const usesOld = returning.some(({ sql }) => sql.startsWith(`${quoteIdentifier(oldRow)}.`))
  const options: Node[] = [{ ReturningOption: { option: 'RETURNING_OPTION_OLD', value: oldRow } }]
  const returningClause: ReturningClause = usesOld ? { options, exprs } : { exprs }
  const clause = exprs.length === 0 ? {} : { returningClause }
  return deparse({ [statement.kind]: { ...rest, ...clause } } as unknown as Node)
}

function returned({ sql, name }: Returned): Node {
  return { ResTarget: { ...(name === undefined ? {} : { name }), val: expressionNode(sql) } }
}

/** Returns what RETURNING names: the key and, for each column, its new value and, where the server gives it, the old one. */
export function keyAndValues(alias: string, target: Target & { key: KeyColumn[] }, columns: string[]): Returned[] {
  const numbered = (prefix: string, from: string): Returned[] =>
    columns.map((column, position) => ({ sql: of(from, column), name: `${prefix}_${position + 1}` }))
  const keys = target.key.map((column, position) => ({ sql: of(alias, column.name), name: `key_${position + 1}` }))
  const old = target.returnsOld ? [...numbered('old', oldRow), wasThere(target)] : []
  return [...keys, ...numbered('new', alias), ...old]
}

/** The first key column of the row as it was: null where there was none. */
function wasThere(target: Target & { key: KeyColumn[] }): Returned {
  return { sql: of(oldRow, target.key[0]?.name ?? ''), name: 'old_key' }
}

/** Returns what reads what `keyAndValues` returned, under the names `old_…` and `old_key` whatever the server gives. */
export function changedRows(
  target: Target & { key: KeyColumn[] },
  columns: string[],
): { from: string; old: string[]; oldKey: string } {
  if (target.returnsOld) {
    const old = columns.map((_, position) => `${changed}.old_${position + 1}`)
    return { from: changed, old, oldKey: `${changed}.old_key` }
  }
  // LIMIT keeps the planner from making a join of it, which for a wrong guess of the number of changed rows reads the
  // whole table, or a range once a row.
  const row = `SELECT * FROM ${target.sql} AS t WHERE ${sameKey('t', target.key, changed)} LIMIT 1`
  return {
    from: `${changed} LEFT JOIN LATERAL (${row}) AS before ON true`,
    old: columns.map((column) => of('before', column)),
    oldKey: of('before', target.key[0]?.name ?? ''),
  }
}

/**
 * Returns a query that locks the rows that an UPDATE will change. Before PostgreSQL 18 the row as it was is read from
 * the statement's snapshot, which is what the UPDATE replaces only if nobody changes the row in between.
 */
export function lockRows(statement: DataStatement): string {
  const { relation, fromClause = [], whereClause, withClause } = bodyFrom(statement)
  const select = {
    targetList: [{ ResTarget: { val: expressionNode('1') } }],
    fromClause: [{ RangeVar: relation }, ...fromClause],
    ...(whereClause === undefined ? {} : { whereClause }),
    ...(withClause === undefined ? {} : { withClause }),
    lockingClause: [
      {
        LockingClause: {
          lockedRels: [{ RangeVar: { relname: statement.alias, inh: true, relpersistence: 'p' } }],
          strength: 'LCS_FORNOKEYUPDATE',
          waitPolicy: 'LockWaitBlock',
        },
      },
    ],
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  }
  return `SELECT count(*) FROM (${deparse({ SelectStmt: select } as unknown as Node)}) AS locked`
}

/** Returns `"alias"."column"`. */
export function of(alias: string, column: string): string {
  return `${quoteIdentifier(alias)}.${quoteIdentifier(column)}`
}

/** Returns the condition that both sides have the same key, given the prefixed names of the second. */
export function sameKey(alias: string, key: KeyColumn[], kept: string): string {
  return key.map((column, position) => `${of(alias, column.name)} = ${kept}.key_${position + 1}`).join(' AND ')
}
