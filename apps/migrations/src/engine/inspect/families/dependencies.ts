import { firstUserOid } from './scope.ts'

export interface DependencyRow {
  class: string
  object: number
  objectColumn: number
  onClass: string
  on: number
  onColumn: number
}

/**
 * Normal dependencies between the user's objects; one on a member of an extension is one on the extension. Automatic and
 * internal ones (an index on its table, a sequence on its column, a row type on its table) follow from where the catalog
 * holds the object.
 */
export function dependenciesQuery(): string {
  return `
    select d.classid::regclass::text as class, d.objid as object, d.objsubid as "objectColumn",
      coalesce(m.refclassid, d.refclassid)::regclass::text as "onClass", coalesce(m.refobjid, d.refobjid) as on, d.refobjsubid as "onColumn"
    from pg_depend d
    left join pg_depend m on m.classid = d.refclassid and m.objid = d.refobjid and m.objsubid = 0 and m.deptype = 'e'
    where (d.deptype in ('n', 'x') or d.refclassid = 'pg_opfamily'::regclass) and d.objid >= ${firstUserOid} and d.refobjid >= ${firstUserOid} and d.refclassid <> 'pg_namespace'::regclass
      and not exists (select from pg_depend member where member.classid = d.classid and member.objid = d.objid and member.deptype = 'e')`
}
