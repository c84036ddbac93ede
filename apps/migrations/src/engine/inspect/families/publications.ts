import type { Publication } from '../catalog.ts'
import { columnNames, commentOn, type Scope, userRelations } from './scope.ts'

export interface PublicationRow extends Publication {
  oid: number
}

export function publicationsQuery(scope: Scope): string {
  const from15 = scope.version >= 150000
  const columns = from15
    ? `case when pr.prattrs is not null then ${columnNames('pr.prrelid', 'pr.prattrs::int2[]')} end`
    : 'null'
  const where = from15 ? 'pg_get_expr(pr.prqual, pr.prrelid)' : 'null'
  const schemas = from15
    ? `array(select sn.nspname::text from pg_publication_namespace pn join pg_namespace sn on sn.oid = pn.pnnspid
        where pn.pnpubid = p.oid order by sn.nspname::text collate "C")`
    : `'{}'::text[]`
  return `
    select p.oid, p.pubname::text as name, pg_get_userbyid(p.pubowner)::text as owner, ${commentOn('pg_publication', 'p.oid')} as comment,
      p.puballtables as "allTables", p.pubviaroot as "viaRoot",
      array_remove(array[case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end], null) as publishes,
      ${scope.version >= 180000 ? 'p.pubgencols::text' : 'null'} as "generatedColumns",
      coalesce((select json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'columns', ${columns}, 'where', ${where})
        order by n.nspname::text collate "C", c.relname::text collate "C")
        from pg_publication_rel pr join pg_class c on c.oid = pr.prrelid join pg_namespace n on n.oid = c.relnamespace
        where pr.prpubid = p.oid and c.oid in ${userRelations(scope)}), '[]') as tables,
      ${schemas} as schemas
    from pg_publication p order by p.pubname::text collate "C"`
}
