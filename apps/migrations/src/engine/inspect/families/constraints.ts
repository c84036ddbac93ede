import type { Constraint } from '../catalog.ts'
import { columnNames, commentOn, type Scope, userRelations } from './scope.ts'

export interface ConstraintRow extends Constraint {
  oid: number
  relation: number
}

const action = (column: string): string =>
  `case ${column} when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' else 'no action' end`

export function constraintsQuery(scope: Scope): string {
  const from18 = (column: string, before: string): string => (scope.version >= 180000 ? column : before)
  return `
    select con.oid, con.conrelid as relation, con.conname::text as name,
      case con.contype when 'p' then 'primaryKey' when 'u' then 'unique' when 'f' then 'foreignKey' when 'c' then 'check'
        when 'x' then 'exclusion' else 'notNull' end as kind,
      pg_get_constraintdef(con.oid) as definition, ${columnNames('con.conrelid', 'con.conkey')} as columns,
      con.convalidated as validated, ${from18('con.conenforced', 'true')} as enforced, con.condeferrable as deferrable,
      con.condeferred as deferred, con.conislocal as "isLocal", con.coninhcount as "inheritedCount",
      con.connoinherit and con.contype in ('c', 'n') as "noInherit", ${from18('con.conperiod', 'false')} as period,
      case when con.contype = 'f' then json_build_object('schema', fn.nspname, 'table', fc.relname,
        'columns', ${columnNames('con.confrelid', 'con.confkey')},
        'onDelete', ${action('con.confdeltype')}, 'onUpdate', ${action('con.confupdtype')}) end as references,
      case when con.contype in ('p', 'u', 'x') then (select relname::text from pg_class where oid = con.conindid) end as index,
      ${commentOn('pg_constraint', 'con.oid')} as comment
    from pg_constraint con
    left join pg_class fc on fc.oid = con.confrelid left join pg_namespace fn on fn.oid = fc.relnamespace
    -- A foreign key to a partitioned table has a further row for each partition, made and kept by Postgres.
    left join pg_constraint parent on parent.oid = con.conparentid
    where con.contype in ('p', 'u', 'f', 'c', 'x', 'n') and con.conrelid in ${userRelations(scope)}
      and (parent.oid is null or parent.confrelid = con.confrelid)
    order by con.conrelid, con.conname::text collate "C"`
}
