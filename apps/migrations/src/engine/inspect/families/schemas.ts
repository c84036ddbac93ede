import type { Extension, Schema } from '../catalog.ts'
import { commentOn, isUserSchema, notOfExtension, rightsOf, type Scope } from './scope.ts'

export interface SchemaRow extends Schema {
  oid: number
}
export interface ExtensionRow extends Extension {
  oid: number
}

export function schemasQuery(scope: Scope): string {
  return `
    select n.oid, n.nspname::text as name, pg_get_userbyid(n.nspowner)::text as owner,
      ${rightsOf('n', 'n.nspacl', 'n.nspowner')} as acl, ${commentOn('pg_namespace', 'n.oid')} as comment
    from pg_namespace n
    where ${isUserSchema(scope, 'n.nspname')} and ${notOfExtension('pg_namespace', 'n.oid')}
    order by n.nspname::text collate "C"`
}

export function extensionsQuery(): string {
  return `
    select e.oid, e.extname::text as name, n.nspname::text as schema, e.extversion as version,
      ${commentOn('pg_extension', 'e.oid')} as comment
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    order by e.extname::text collate "C"`
}
