import type { Client } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import { bodyOf, kindOf, nameParts, rangeVarsOf } from '../plan/syntax.ts'
import type { ObservedError, RelationName } from './observation.ts'

/**
 * Returns the existing tables and views that the statement names, as the session resolves them, and the table of each
 * index that it names; where `error` is given, the table that it is about as well.
 */
export async function namedRelations(client: Client, node: Node, error?: ObservedError): Promise<RelationName[]> {
  const names = [...rangeVarsOf(node).map((name) => [name.schemaname ?? '', name.relname ?? '']), ...droppedNames(node)]
  const about = error?.relation ?? null
  if (about !== null) {
    names.push([about.schema, about.name])
  }
  if (names.length === 0) {
    return []
  }
  const { rows } = await client.query<RelationName>(namedSql, [
    names.map(([schema]) => schema),
    names.map(([, name]) => name),
  ])
  return rows
}

const namedSql = `
SELECT DISTINCT n.nspname::text AS schema, t.relname::text AS name
  FROM unnest($1::text[], $2::text[]) AS named (schema, name)
  JOIN pg_catalog.pg_class c ON c.oid = to_regclass(
         CASE WHEN named.schema = '' THEN '' ELSE quote_ident(named.schema) || '.' END || quote_ident(named.name))
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  JOIN pg_catalog.pg_class t ON t.oid = coalesce(i.indrelid, c.oid) AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY 1, 2`

const relationTypes = new Set(['OBJECT_TABLE', 'OBJECT_INDEX', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE'])

/** DROP names its objects as lists of strings. */
function droppedNames(node: Node): string[][] {
  if (kindOf(node) !== 'DropStmt') {
    return []
  }
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(node, 'DropStmt')
  if (!relationTypes.has(drop?.removeType ?? '')) {
    return []
  }
  return (drop?.objects ?? []).map((object) => {
    const parts = nameParts(bodyOf<{ items?: Node[] }>(object, 'List')?.items)
    return [parts.at(-2) ?? '', parts.at(-1) ?? '']
  })
}
