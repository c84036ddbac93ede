import type { Sequence } from '../catalog.ts'
import { commentOn, inUserSchema, isNoHistory, notOfExtension, rightsOf, type Scope } from './scope.ts'

export interface SequenceRow extends Sequence {
  oid: number
}

export function sequencesQuery(scope: Scope): string {
  return `
    select c.oid, n.nspname::text as schema, c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner,
      ${rightsOf('s', 'c.relacl', 'c.relowner')} as acl, ${commentOn('pg_class', 'c.oid')} as comment,
      format_type(s.seqtypid, null) as type, s.seqstart::text as start, s.seqincrement::text as increment,
      s.seqmin::text as min, s.seqmax::text as max, s.seqcache::text as cache, s.seqcycle as cycle,
      case c.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' else 'permanent' end as persistence,
      case when o.oid is not null then json_build_object('schema', ownerschema.nspname, 'table', o.relname, 'column', a.attname,
        'by', case d.deptype when 'i' then 'internal' else 'auto' end) end as "ownedBy"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid
    left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
      and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_class o on o.oid = d.refobjid left join pg_namespace ownerschema on ownerschema.oid = o.relnamespace
    left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where ${inUserSchema(scope, 'c.relnamespace')} and ${notOfExtension('pg_class', 'c.oid')}
      and (o.relname is null or ${isNoHistory('o.relname')})
    order by n.nspname::text collate "C", c.relname::text collate "C"`
}
