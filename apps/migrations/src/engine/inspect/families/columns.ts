import type { Column } from '../catalog.ts'
import { qualified, type Scope, userRelations } from './scope.ts'

export interface ColumnRow extends Omit<Column, 'options' | 'foreignOptions' | 'acl'> {
  relation: number
  number: number
  /** pg_attrdef.oid, which dependencies name. */
  defaultOid: number | null
  options: string[] | null
  foreignOptions: string[] | null
  acl: string[] | null
}

const storage = (column: string): string =>
  `case ${column} when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end`

export function columnsQuery(scope: Scope): string {
  return `
    select a.attrelid as relation, a.attnum as number, d.oid as "defaultOid", a.attname::text as name,
      format_type(a.atttypid, a.atttypmod) as type,
      case when a.attcollation <> t.typcollation then (select ${qualified('cn.nspname', 'co.collname')} from pg_collation co
        join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end as collation,
      a.attnotnull as "notNull", pg_get_expr(d.adbin, d.adrelid) as default,
      case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
      case a.attidentity when 'a' then 'always' when 'd' then 'byDefault' end as identity,
      ${storage('a.attstorage')} as storage, ${storage('t.typstorage')} as "typeStorage",
      case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
      nullif(a.attstattarget, -1) as "statisticsTarget", a.attoptions as options, a.attfdwoptions as "foreignOptions",
      a.attacl::text[] as acl, c.description as comment, a.attislocal as "isLocal", a.attinhcount as "inheritedCount"
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_description c on c.classoid = 'pg_class'::regclass and c.objoid = a.attrelid and c.objsubid = a.attnum
    where a.attnum > 0 and not a.attisdropped and a.attrelid in ${userRelations(scope)}
    order by a.attrelid, a.attnum`
}
