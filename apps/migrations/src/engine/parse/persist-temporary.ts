/**
 * A temporary table lives in one session, and with ON COMMIT DROP in one transaction; the statements of a migration are
 * carried out in several of both. So a table that a migration makes for its own use becomes an ordinary one in schema
 * `freehold` under a name of its own, and the migration's statements are made to name that.
 */
import { quoteQualified, shortenIdentifier } from '@freehold/postgres'
import type { CreateStmt, CreateTableAsStmt, IntoClause, Node, RangeVar, SelectStmt, WithClause } from '@pgsql/types'
import { bodyOf, nameParts } from '../plan/syntax.ts'
import { DeparseError, deparse } from './deparse.ts'
import { parseSql } from './parser.ts'
import type { Statement } from './statement.ts'

/**
 * Returns the statements of one migration without temporary tables; the same ones where it makes none, or where one of
 * them cannot be written back as SQL.
 */
export function persistTemporaryTables(statements: Statement[]): Statement[] {
  const names = new Map<string, string>()
  try {
    const persisted = statements.map((statement) => {
      const name = temporaryName(statement.node)
      if (name !== undefined) {
        names.set(name, shortenIdentifier(`temporary_${statement.migrationId}_${name}`))
      }
      return names.size === 0 ? statement : rename(statement, names)
    })
    return persisted.filter((statement) => !isOwnDrop(statement.node))
  } catch (error) {
    if (error instanceof DeparseError) {
      return statements
    }
    throw error
  }
}

/** With the migration such a table goes anyway, and until then it does no harm. */
function isOwnDrop(node: Node): boolean {
  const objects = bodyOf<{ objects?: Node[] }>(node, 'DropStmt')?.objects ?? []
  const names = objects.map((object) => nameParts(bodyOf<{ items?: Node[] }>(object, 'List')?.items))
  return names.length > 0 && names.every(([schema, name]) => schema === 'freehold' && name?.startsWith('temporary_'))
}

/** Returns statements that remove what `persistTemporaryTables` has let a migration make; of its result or of what it was given. */
export function removePersisted(statements: Statement[]): string[] {
  return statements.flatMap((statement) => {
    const name = temporaryName(statement.node)
    const persisted = persistedTable(statement.node)
    const relname = name === undefined ? persisted : shortenIdentifier(`temporary_${statement.migrationId}_${name}`)
    return relname === undefined ? [] : [`DROP TABLE IF EXISTS ${quoteQualified('freehold', relname)}`]
  })
}

/** Returns the name, in schema `freehold`, of the table that the statement makes in the place of a temporary one. */
export function persistedTable(node: Node): string | undefined {
  const relation = madeBy(node)
  return relation?.schemaname === 'freehold' && relation.relname?.startsWith('temporary_') === true
    ? relation.relname
    : undefined
}

function temporaryName(node: Node): string | undefined {
  const relation = madeBy(node)
  return relation?.relpersistence === 't' ? relation.relname : undefined
}

function madeBy(node: Node): RangeVar | undefined {
  return (
    bodyOf<CreateStmt>(node, 'CreateStmt')?.relation ??
    bodyOf<CreateTableAsStmt>(node, 'CreateTableAsStmt')?.into?.rel ??
    bodyOf<SelectStmt>(node, 'SelectStmt')?.intoClause?.rel
  )
}

function rename(statement: Statement, names: Map<string, string>): Statement {
  const node = renameIn(statement.node, names, false) as Node
  if (JSON.stringify(node) === JSON.stringify(statement.node)) {
    return statement
  }
  const sql = deparse(node)
  return { ...statement, sql, node: parseSql(sql)[0]?.node ?? node }
}

const statementKinds = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

function renameIn(value: unknown, names: Map<string, string>, isChanged: boolean): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => renameIn(item, names, false))
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  const visible = withoutQueries(value, names)
  const renamed = Object.entries(value).map(([key, field]): [string, unknown] => {
    if (key === 'RangeVar' || (key === 'relation' && isChanged)) {
      return [key, renameTable(field as RangeVar, visible, true)]
    }
    if (key === 'relation' || key === 'rel') {
      return [key, renameTable(field as RangeVar, visible, false)]
    }
    if (key === 'objects') {
      return [key, (field as Node[]).map((object) => renameObject(object, visible))]
    }
    if (key === 'onCommit' || key === 'oncommit') {
      return [key, 'ONCOMMIT_NOOP' satisfies IntoClause['onCommit']]
    }
    return [key, renameIn(field, visible, statementKinds.has(key))]
  })
  return Object.fromEntries(renamed)
}

/** A WITH query hides a table of the same name. */
function withoutQueries(value: object, names: Map<string, string>): Map<string, string> {
  const clause = (value as { withClause?: WithClause }).withClause
  const hidden = (clause?.ctes ?? []).map((query) => bodyOf<{ ctename?: string }>(query, 'CommonTableExpr')?.ctename)
  return hidden.length === 0 ? names : new Map([...names].filter(([name]) => !hidden.includes(name)))
}

function renameTable(table: RangeVar, names: Map<string, string>, mayHaveAlias: boolean): RangeVar {
  const name =
    table.schemaname === undefined || table.schemaname === 'pg_temp' ? names.get(table.relname ?? '') : undefined
  if (name === undefined) {
    return table
  }
  // Columns may be qualified with the name that it had.
  const alias = mayHaveAlias ? { alias: table.alias ?? { aliasname: table.relname ?? '' } } : {}
  return { ...table, schemaname: 'freehold', relname: name, relpersistence: 'p', ...alias }
}

/** DROP TABLE names its tables as lists of words. */
function renameObject(object: Node, names: Map<string, string>): Node {
  const items = bodyOf<{ items?: Node[] }>(object, 'List')?.items ?? []
  const word = bodyOf<{ sval?: string }>(items.at(-1), 'String')?.sval ?? ''
  const name = items.length === 1 ? names.get(word) : undefined
  return name === undefined
    ? object
    : { List: { items: [{ String: { sval: 'freehold' } }, { String: { sval: name } }] } }
}
