import type { Node } from '@pgsql/types'
import { deparse } from '../parse/deparse.ts'
import { parseSql } from '../parse/parser.ts'
import type { Statement } from '../parse/statement.ts'
import { bodyOf } from './syntax.ts'

/**
 * Returns the SQL that adds an enum value only where it is not there: taking a run back leaves the value, for Postgres
 * cannot remove one. Undefined for any other statement.
 */
export function repeatableSql(node: Node): string | undefined {
  const alter = bodyOf<{ newVal?: string; oldVal?: string }>(node, 'AlterEnumStmt')
  if (alter?.newVal === undefined || alter.oldVal !== undefined) {
    return undefined
  }
  return deparse({ AlterEnumStmt: { ...alter, skipIfNewValExists: true } } as unknown as Node)
}

/** Returns the statement as it is planned for a migration that was begun and taken back before. */
export function toleratingLeftovers(statement: Statement): Statement {
  const sql = repeatableSql(statement.node)
  return sql === undefined ? statement : { ...statement, sql, node: parseSql(sql)[0]?.node ?? statement.node }
}
