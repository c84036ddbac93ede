import { quoteLiteral } from '@freehold/postgres'

/** What is read: everything but the system's own schemas, the excluded ones, members of extensions and tools' histories. */
export interface Scope {
  excludeSchemas: string[]
  /** server_version_num */
  version: number
  /** Those of the rarer system catalogs that hold anything but the system's own. */
  used: string[]
}

/** Objects below this oid are the system's own; initdb gives out no higher one. */
export const firstUserOid = 16384

const rareCatalogs = [
  'pg_cast',
  'pg_operator',
  'pg_opfamily',
  'pg_opclass',
  'pg_transform',
  'pg_language',
  'pg_am',
  'pg_conversion',
  'pg_collation',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_ts_dict',
  'pg_ts_config',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_event_trigger',
  'pg_default_acl',
]

/** An expression for the names of the rarer catalogs that hold something: planning queries on them costs more than all else. */
export const usedCatalogs = `array_remove(array[
  ${rareCatalogs.map((name) => `case when exists (select from ${name} where oid >= ${firstUserOid}) then '${name}' end`).join(',\n  ')},
  case when exists (select from pg_type where oid >= ${firstUserOid} and typtype in ('b', 'p') and typelem = 0) then 'pg_type' end,
  case when exists (select from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'x') then 'pg_depend' end,
  case when exists (select from pg_seclabel) then 'pg_seclabel' end], null)`

/** The tables in which tools keep which migrations they have applied; they are never part of the user's schema. */
const historyTables = ['_prisma_migrations', 'flyway_schema_history', '__drizzle_migrations']
  .map(quoteLiteral)
  .join(', ')

/** Returns the condition that a relation of this name is no tool's record of what it has applied. */
export function isNoHistory(relationName: string): string {
  return `${relationName} not in (${historyTables})`
}

/** An expression for the schemas that hold a tool's history and nothing else: Drizzle makes one for its own. */
export const historySchemas = `array(select nspname::text from pg_namespace home where nspname = 'drizzle'
    and exists (select from pg_class where relnamespace = home.oid and relname = '__drizzle_migrations')
    and not exists (select from pg_class where relnamespace = home.oid and not starts_with(relname::text, '__drizzle_migrations')))`

/** Returns the condition that the schema with this oid is the user's. */
export function inUserSchema(scope: Scope, schemaOid: string): string {
  return `${schemaOid} in (select oid from pg_namespace where ${isUserSchema(scope, 'nspname')})`
}

/** Returns the condition that a schema of this name is the user's. */
export function isUserSchema(scope: Scope, schemaName: string): string {
  const excluded = ['information_schema', ...scope.excludeSchemas].map(quoteLiteral).join(', ')
  return `not starts_with(${schemaName}::text, 'pg_') and ${schemaName}::text not in (${excluded})`
}

/** Returns the condition that the object belongs to no extension. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend member where member.classid = '${catalog}'::regclass and member.objid = ${oid} and member.deptype = 'e')`
}

/** Returns a subquery for the oids of the user's tables, views, materialized views and foreign tables. */
export function userRelations(scope: Scope): string {
  return `(select oid from pg_class r where r.relkind in ('r', 'p', 'v', 'm', 'f') and ${isNoHistory('r.relname')}
    and ${inUserSchema(scope, 'r.relnamespace')} and ${notOfExtension('pg_class', 'r.oid')})`
}

/** Returns a scalar subquery for the comment on the object. */
export function commentOn(catalog: string, oid: string, column = '0'): string {
  return `(select description from pg_description where classoid = '${catalog}'::regclass and objoid = ${oid} and objsubid = ${column})`
}

/** Returns an expression for the rights as text[], null replaced by what Postgres takes it for. */
export function rightsOf(kind: string, acl: string, owner: string): string {
  return `coalesce(${acl}, acldefault('${kind}', ${owner}))::text[]`
}

/** Returns an expression for the column names behind an array of attribute numbers, in its order. */
export function columnNames(relation: string, numbers: string): string {
  return `(select coalesce(array_agg(attname::text order by position), '{}') from unnest(${numbers}) with ordinality as key (number, position)
    join pg_attribute on attrelid = ${relation} and attnum = key.number)`
}

/** Returns an expression for `name` when it is not null, else null; names come as text, so that arrays of them parse. */
export function qualified(schema: string, name: string): string {
  return `(quote_ident(${schema}) || '.' || quote_ident(${name}))`
}
