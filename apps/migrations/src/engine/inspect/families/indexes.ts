import type { Index } from '../catalog.ts'
import { qualified, type Scope, userRelations } from './scope.ts'

/** An index with its columns by number; 0 stands for an expression. */
export interface IndexRow extends Omit<Index, 'options' | 'body' | 'columns' | 'include'> {
  columns: number[]
  include: number[]
  oid: number
  relation: number
  options: string[] | null
  /** Everything up to and with the table's name and a blank, as pg_get_indexdef prints it. */
  head: string
}

export function indexesQuery(scope: Scope): string {
  const nullsNotDistinct = scope.version >= 150000 ? 'i.indnullsnotdistinct' : 'false'
  return `
    select c.oid, i.indrelid as relation, c.relname::text as name, pg_get_indexdef(c.oid) as definition,
      'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end || 'INDEX ' || quote_ident(c.relname) || ' ON '
        || case when c.relkind = 'I' then 'ONLY ' else '' end || ${qualified('n.nspname', 'r.relname')} || ' ' as head,
      ${qualified('n.nspname', 'r.relname')} as table,
      i.indisunique as unique, i.indisprimary as primary, i.indisvalid as valid, ${nullsNotDistinct} as "nullsNotDistinct",
      i.indisclustered as clustered, space.spcname::text as tablespace, con.conname::text as constraint,
      (i.indkey::int2[])[:i.indnkeyatts - 1] as columns, (i.indkey::int2[])[i.indnkeyatts:] as include,
      c.reloptions as options, pg_get_expr(i.indpred, i.indrelid) as predicate,
      case when c.relispartition then (select ${qualified('pn.nspname', 'p.relname')} from pg_inherits h join pg_class p on p.oid = h.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace where h.inhrelid = c.oid) end as "attachedTo",
      -- Only columns that are expressions can have one.
      case when i.indexprs is null then array_fill(null::int, array[i.indnatts]) else
        array(select nullif(attstattarget, -1)::int from pg_attribute where attrelid = c.oid and attnum > 0 order by attnum) end as "statisticsTargets",
      note.description as comment
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class r on r.oid = i.indrelid
    join pg_namespace n on n.oid = r.relnamespace
    left join pg_description note on note.classoid = 'pg_class'::regclass and note.objoid = c.oid and note.objsubid = 0
    left join pg_tablespace space on space.oid = c.reltablespace
    left join pg_constraint con on con.conindid = c.oid and con.conrelid = i.indrelid and con.contype in ('p', 'u', 'x')
    where i.indrelid in ${userRelations(scope)}
    order by i.indrelid, c.relname::text collate "C"`
}
