import type { ExtendedStatistics, Policy, Rule, Trigger } from '../catalog.ts'
import { commentOn, type Scope, userRelations } from './scope.ts'

interface OfRelation {
  oid: number
  relation: number
}
export type TriggerRow = Trigger & OfRelation
export type PolicyRow = Policy & OfRelation
export type RuleRow = Rule & OfRelation
export type StatisticsRow = ExtendedStatistics & OfRelation

export function triggersQuery(scope: Scope): string {
  return `
    select t.oid, t.tgrelid as relation, t.tgname::text as name, pg_get_triggerdef(t.oid) as definition, t.tgenabled::text as enabled,
      t.tgfoid::regproc::text as function, t.tgparentid <> 0 as inherited, ${commentOn('pg_trigger', 't.oid')} as comment
    from pg_trigger t
    -- Up to 14 a partition's copy of a row trigger counts as internal, as the triggers of foreign keys always do.
    where (not t.tgisinternal or (t.tgparentid <> 0 and t.tgconstraint = 0)) and t.tgrelid in ${userRelations(scope)}
    order by t.tgrelid, t.tgname::text collate "C"`
}

export function policiesQuery(scope: Scope): string {
  return `
    select p.oid, p.polrelid as relation, p.polname::text as name, p.polpermissive as permissive,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
      array(select case member when 0 then 'public' else pg_get_userbyid(member)::text end from unnest(p.polroles) as member order by 1) as roles,
      pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check,
      ${commentOn('pg_policy', 'p.oid')} as comment
    from pg_policy p where p.polrelid in ${userRelations(scope)}
    order by p.polrelid, p.polname::text collate "C"`
}

/** The rule _RETURN of a view comes along, for dependencies name a view by it. */
export function rulesQuery(scope: Scope): string {
  return `
    select r.oid, r.ev_class as relation, r.rulename::text as name,
      case when r.rulename = '_RETURN' then '' else pg_get_ruledef(r.oid) end as definition, r.ev_enabled::text as enabled,
      ${commentOn('pg_rewrite', 'r.oid')} as comment
    from pg_rewrite r where r.ev_class in ${userRelations(scope)}
    order by r.ev_class, r.rulename::text collate "C"`
}

export function statisticsQuery(scope: Scope): string {
  return `
    select s.oid, s.stxrelid as relation, n.nspname::text as schema, s.stxname::text as name, pg_get_statisticsobjdef(s.oid) as definition,
      nullif(s.stxstattarget, -1) as target, pg_get_userbyid(s.stxowner)::text as owner, ${commentOn('pg_statistic_ext', 's.oid')} as comment
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
    where s.stxrelid in ${userRelations(scope)}
    order by s.stxrelid, n.nspname::text collate "C", s.stxname::text collate "C"`
}
