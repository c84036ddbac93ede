/**
 * What a superuser may run of the text that the live database gave. A live server is not believed: each text has to be
 * one statement, of a kind that runs no code of anybody's and leads to none that would run as the superuser later.
 */
import type { Node } from '@pgsql/types'
import { parseSql } from '../parse/parser.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'

/** What a statement may be, by the family of the object that it makes. */
const kindsByFamily: Readonly<Record<string, readonly string[]>> = {
  'default privileges': ['AlterDefaultPrivilegesStmt'],
  'event trigger': ['CreateEventTrigStmt', 'AlterEventTrigStmt', 'CommentStmt'],
  'foreign data wrapper': ['CreateFdwStmt', 'CommentStmt'],
  server: ['CreateForeignServerStmt', 'CommentStmt'],
  'user mapping': ['CreateUserMappingStmt'],
  publication: ['CreatePublicationStmt', 'CommentStmt'],
}

/** Objects that no code runs as the owner of. */
const ownedObjects = new Set([
  'OBJECT_COLLATION',
  'OBJECT_CONVERSION',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_FDW',
  'OBJECT_FOREIGN_SERVER',
  'OBJECT_OPERATOR',
  'OBJECT_TSCONFIGURATION',
  'OBJECT_TSDICTIONARY',
])

const grantedObjects = new Set(['OBJECT_FDW', 'OBJECT_FOREIGN_SERVER'])

/** Returns the statement that makes an object of the family, as it is; throws where a superuser must not run it. */
export function requireInert(sql: string, family: string): string {
  const node = onlyStatementOf(sql)
  const isKnown = node !== undefined && kindsByFamily[family]?.includes(kindOf(node))
  if (!isKnown || !isInert(node, family)) {
    throw new Error(`only a superuser could make the ${family}, and it may run code: ${sql.slice(0, 200)}`)
  }
  return sql
}

function isInert(node: Node, family: string): boolean {
  const fields = bodyOf<{ objtype?: string; func_options?: unknown[]; pubobjects?: Node[] }>(node, kindOf(node)) ?? {}
  switch (kindOf(node)) {
    case 'CommentStmt':
      // A comment on anything else would run the event triggers that were made before it.
      return family !== 'event trigger' || fields.objtype === 'OBJECT_EVENT_TRIGGER'
    case 'CreateFdwStmt':
      // Its validator would run at each server and user mapping.
      return fields.func_options === undefined || fields.func_options.length === 0
    case 'CreatePublicationStmt':
      return !JSON.stringify(fields.pubobjects ?? []).includes('"whereClause"')
    default:
      return true
  }
}

/** Returns the statement that gives the object to one of the roles; throws where it is anything else. */
export function requireOwner(sql: string, roles: Set<string>): { statement: string; owner: string } {
  const fields = bodyOf<{ objectType?: string; newowner?: { rolename?: string } }>(
    onlyStatementOf(sql),
    'AlterOwnerStmt',
  )
  const owner = fields?.newowner?.rolename
  if (owner === undefined || !roles.has(owner) || !ownedObjects.has(fields?.objectType ?? '')) {
    throw new Error(`the owner cannot be set by a superuser: ${sql.slice(0, 200)}`)
  }
  return { statement: sql, owner }
}

/** Returns the statement that grants or revokes, as it is; throws where it is anything else. */
export function requireGrant(sql: string): string {
  const fields = bodyOf<{ objtype?: string }>(onlyStatementOf(sql), 'GrantStmt')
  if (!grantedObjects.has(fields?.objtype ?? '')) {
    throw new Error(`the right cannot be granted by a superuser: ${sql.slice(0, 200)}`)
  }
  return sql
}

/** Tells whether the statement gives an object to another owner. */
export function givesOwner(sql: string): boolean {
  return bodyOf(parseSql(sql)[0]?.node, 'AlterOwnerStmt') !== undefined
}

/** Returns the name of the foreign server that the statement makes; undefined where it is no such statement. */
export function serverMadeBy(sql: string): string | undefined {
  return bodyOf<{ servername?: string }>(parseSql(sql)[0]?.node, 'CreateForeignServerStmt')?.servername
}

function onlyStatementOf(sql: string): Node | undefined {
  const parsed = parseSql(sql)
  return parsed.length === 1 ? parsed[0]?.node : undefined
}
