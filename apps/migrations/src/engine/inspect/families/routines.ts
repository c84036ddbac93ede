import type { Routine } from '../catalog.ts'
import { aggregateDefinition } from './aggregates.ts'
import { commentOn, inUserSchema, notOfExtension, rightsOf, type Scope } from './scope.ts'

export interface RoutineRow extends Routine {
  oid: number
}

export function routinesQuery(scope: Scope): string {
  return `
    select p.oid, n.nspname::text as schema, p.proname::text as name,
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window' else 'function' end as kind,
      pg_get_function_identity_arguments(p.oid) as "identityArguments", pg_get_function_result(p.oid) as result, l.lanname::text as language,
      case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else ${aggregateDefinition} end as definition,
      pg_get_userbyid(p.proowner)::text as owner, ${rightsOf('f', 'p.proacl', 'p.proowner')} as acl, ${commentOn('pg_proc', 'p.oid')} as comment
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where ${inUserSchema(scope, 'p.pronamespace')} and ${notOfExtension('pg_proc', 'p.oid')}
      -- Constructors of range types come and go with their type.
      and not exists (select from pg_depend made where made.classid = 'pg_proc'::regclass and made.objid = p.oid and made.deptype = 'i')
    order by n.nspname::text collate "C", p.proname::text collate "C", pg_get_function_identity_arguments(p.oid) collate "C"`
}
