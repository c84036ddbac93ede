import type { Constraint } from '../catalog.ts'
import { type Scope, userRelations } from './scope.ts'

type References = Omit<NonNullable<Constraint['references']>, 'columns'>

/** A constraint with its columns by number: names are looked up among the columns, which is quicker than in SQL. */
export interface ConstraintRow extends Omit<Constraint, 'columns' | 'references'> {
  oid: number
  relation: number
  columns: number[] | null
  references: (References & { relation: number; columns: number[] }) | null
}

const action = (column: string): string =>
  `case ${column} when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' else 'no action' end`

export function constraintsQuery(scope: Scope): string {
  const from18 = (column: string, before: string): string => (scope.version >= 180000 ? column : before)
  return `
    select con.oid, con.conrelid as relation, con.conname::text as name,
      case con.contype when 'p' then 'primaryKey' when 'u' then 'unique' when 'f' then 'foreignKey' when 'c' then 'check'
        when 'x' then 'exclusion' else 'notNull' end as kind,
      pg_get_constraintdef(con.oid) as definition, con.conkey as columns,
      con.convalidated as validated, ${from18('con.conenforced', 'true')} as enforced, con.condeferrable as deferrable,
      con.condeferred as deferred, con.conislocal as "isLocal", con.coninhcount as "inheritedCount",
      con.connoinherit and con.contype in ('c', 'n') as "noInherit", ${from18('con.conperiod', 'false')} as period,
      case when con.contype = 'f' then json_build_object('relation', con.confrelid::int8, 'schema', fn.nspname, 'table', fc.relname,
        'columns', con.confkey, 'onDelete', ${action('con.confdeltype')}, 'onUpdate', ${action('con.confupdtype')}) end as references,
      index.relname::text as index, note.description as comment
    from pg_constraint con
    left join pg_class fc on fc.oid = con.confrelid left join pg_namespace fn on fn.oid = fc.relnamespace
    left join pg_class index on index.oid = con.conindid and con.contype in ('p', 'u', 'x')
    left join pg_description note on note.classoid = 'pg_constraint'::regclass and note.objoid = con.oid and note.objsubid = 0
    -- A foreign key to a partitioned table has a further row for each partition, made and kept by Postgres.
    left join pg_constraint parent on parent.oid = con.conparentid
    where con.contype in ('p', 'u', 'f', 'c', 'x', 'n') and con.conrelid in ${userRelations(scope)}
      and (parent.oid is null or parent.confrelid = con.confrelid)
    order by con.conrelid, con.conname::text collate "C"`
}
