import type { DomainConstraint, UserType } from '../catalog.ts'
import { commentOn, inUserSchema, notOfExtension, qualified, rightsOf, type Scope } from './scope.ts'

export interface TypeRow extends UserType {
  oid: number
  arrayOid: number
  multirangeOid: number | null
  multirangeArrayOid: number | null
  relationOid: number
}
export interface DomainConstraintRow extends DomainConstraint {
  oid: number
  type: number
}

export function typesQuery(scope: Scope): string {
  return `
    select t.oid, t.typarray as "arrayOid", t.typrelid as "relationOid", m.oid as "multirangeOid", m.typarray as "multirangeArrayOid",
      n.nspname::text as schema, t.typname::text as name,
      case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end as kind,
      pg_get_userbyid(t.typowner)::text as owner, ${rightsOf('T', 't.typacl', 't.typowner')} as acl, ${typeComment} as comment,
      ${labels} as labels, ${domain(scope)} as domain, ${attributes} as attributes, ${range} as range
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    left join pg_range r on r.rngtypid = t.oid left join pg_type m on m.oid = r.rngmultitypid
    left join pg_class c on c.oid = t.typrelid
    where (t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and c.relkind = 'c'))
      and ${inUserSchema(scope, 't.typnamespace')} and ${notOfExtension('pg_type', 't.oid')}
    order by n.nspname::text collate "C", t.typname::text collate "C"`
}

const typeComment = commentOn('pg_type', 't.oid')

const labels = `case when t.typtype = 'e' then
  (select coalesce(array_agg(enumlabel::text order by enumsortorder), '{}') from pg_enum where enumtypid = t.oid) end`

const collationOf = (oid: string, typeCollation: string): string => `
  (select ${qualified('cn.nspname', 'co.collname')} from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
   where co.oid = ${oid} and ${oid} <> ${typeCollation})`

function domain(scope: Scope): string {
  // From 17 a domain's NOT NULL has a row, and so a name, in pg_constraint.
  const notNullName =
    scope.version >= 170000
      ? `(select conname::text from pg_constraint where contypid = t.oid and contype = 'n')`
      : 'null'
  return `case when t.typtype = 'd' then json_build_object(
    'baseType', format_type(t.typbasetype, t.typtypmod), 'notNull', t.typnotnull, 'notNullConstraint', ${notNullName},
    'default', coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
    'collation', ${collationOf('t.typcollation', '(select typcollation from pg_type b where b.oid = t.typbasetype)')},
    'constraints', '[]'::json) end`
}

const attributes = `case when t.typtype = 'c' then (select coalesce(json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'collation', ${collationOf('a.attcollation', '(select typcollation from pg_type b where b.oid = a.atttypid)')},
    'comment', ${commentOn('pg_class', 'a.attrelid', 'a.attnum')}) order by a.attnum), '[]')
  from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end`

const range = `case when t.typtype = 'r' then json_build_object(
    'subtype', format_type(r.rngsubtype, null),
    'opclass', (select ${qualified('on_.nspname', 'o.opcname')} from pg_opclass o join pg_namespace on_ on on_.oid = o.opcnamespace
      where o.oid = r.rngsubopc and not o.opcdefault),
    'collation', ${collationOf('r.rngcollation', '(select typcollation from pg_type b where b.oid = r.rngsubtype)')},
    'canonical', ${functionName('r.rngcanonical')}, 'subtypeDiff', ${functionName('r.rngsubdiff')},
    'multirange', (select ${qualified('mn.nspname', 'm.typname')} from pg_namespace mn where mn.oid = m.typnamespace)) end`

function functionName(oid: string): string {
  return `(select ${qualified('pn.nspname', 'p.proname')} from pg_proc p join pg_namespace pn on pn.oid = p.pronamespace where p.oid = ${oid})`
}

export function domainConstraintsQuery(scope: Scope): string {
  return `
    select con.oid, con.contypid as type, con.conname::text as name, pg_get_constraintdef(con.oid) as definition,
      con.convalidated as validated, ${commentOn('pg_constraint', 'con.oid')} as comment
    from pg_constraint con
    where con.contypid <> 0 and con.contype = 'c' and ${inUserSchema(scope, 'con.connamespace')}
    order by con.conname::text collate "C"`
}
