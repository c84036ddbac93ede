import type { Relation } from '../catalog.ts'
import { commentOn, qualified, rightsOf, type Scope, userRelations } from './scope.ts'

type Scalars = Omit<Relation, 'columns' | 'constraints' | 'indexes' | 'triggers' | 'policies' | 'rules' | 'statistics'>

/** A relation without what hangs on it; options are null where there are none. */
export interface RelationRow extends Omit<Scalars, 'options' | 'toastOptions'> {
  rowType: number
  rowTypeArray: number
  options: string[] | null
  toastOptions: string[] | null
}

export function relationsQuery(scope: Scope): string {
  return `
    select c.oid, c.reltype as "rowType", t.typarray as "rowTypeArray", n.nspname::text as schema, c.relname::text as name,
      case c.relkind when 'r' then 'table' when 'p' then 'partitionedTable' when 'v' then 'view' when 'm' then 'materializedView'
        else 'foreignTable' end as kind,
      case c.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' else 'permanent' end as persistence,
      pg_get_userbyid(c.relowner)::text as owner, ${rightsOf('r', 'c.relacl', 'c.relowner')} as acl,
      ${commentOn('pg_class', 'c.oid')} as comment, space.spcname::text as tablespace, am.amname::text as "accessMethod",
      c.reloptions as options, toast.reloptions as "toastOptions",
      c.relrowsecurity as "rowSecurity", c.relforcerowsecurity as "forceRowSecurity",
      json_build_object('kind', case c.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index' else 'default' end,
        'index', case when c.relreplident = 'i' then (select ic.relname from pg_index i join pg_class ic on ic.oid = i.indexrelid
          where i.indrelid = c.oid and i.indisreplident) end) as "replicaIdentity",
      array(select ${qualified('pn.nspname', 'p.relname')} from pg_inherits i join pg_class p on p.oid = i.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = c.oid and not c.relispartition order by i.inhseqno) as inherits,
      case when c.relispartition then (select json_build_object('bound', pg_get_expr(c.relpartbound, c.oid),
        'of', ${qualified('pn.nspname', 'p.relname')}) from pg_inherits i join pg_class p on p.oid = i.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = c.oid) end as partition,
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
      case when c.relkind = 'm' then c.relispopulated end as populated,
      case when c.reloftype <> 0 then format_type(c.reloftype, null) end as "ofType",
      (select json_build_object('server', fs.srvname, 'options', coalesce(ft.ftoptions, '{}')) from pg_foreign_table ft
        join pg_foreign_server fs on fs.oid = ft.ftserver where ft.ftrelid = c.oid) as foreign
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_type t on t.oid = c.reltype
    left join pg_tablespace space on space.oid = c.reltablespace
    left join pg_am am on am.oid = c.relam
    left join pg_class toast on toast.oid = c.reltoastrelid
    where c.oid in ${userRelations(scope)}
    order by n.nspname::text collate "C", c.relname::text collate "C"`
}
