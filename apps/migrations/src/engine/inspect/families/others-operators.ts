import { type OtherQuery, selectOther } from './other-row.ts'
import { firstUserOid, inUserSchema, notOfExtension, qualified, type Scope } from './scope.ts'

/** Casts, operators with their classes and families, transforms, languages, access methods, conversions, base types. */
export function operatorQueries(scope: Scope): OtherQuery[] {
  return [
    { catalog: 'pg_cast', sql: castsQuery },
    { catalog: 'pg_operator', sql: operatorsQuery(scope) },
    { catalog: 'pg_opfamily', sql: operatorFamiliesQuery(scope) },
    { catalog: 'pg_opclass', sql: operatorClassesQuery(scope) },
    { catalog: 'pg_transform', sql: transformsQuery },
    { catalog: 'pg_language', sql: languagesQuery },
    { catalog: 'pg_am', sql: accessMethodsQuery },
    { catalog: 'pg_conversion', sql: conversionsQuery(scope) },
    { catalog: 'pg_type', sql: baseTypesQuery(scope) },
  ]
}

const castName = `format('(%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null))`
const castsQuery = `${selectOther({
  class: 'pg_cast',
  oid: 'c.oid',
  family: 'cast',
  key: castName,
  ddl: `array['CREATE CAST ' || ${castName} || case c.castmethod when 'f' then ' WITH FUNCTION ' || c.castfunc::regprocedure
      when 'i' then ' WITH INOUT' else ' WITHOUT FUNCTION' end
    || case c.castcontext when 'i' then ' AS IMPLICIT' when 'a' then ' AS ASSIGNMENT' else '' end]`,
  drop: `'DROP CAST ' || ${castName}`,
  word: 'CAST',
  target: castName,
  when: 'early',
})} from pg_cast c where c.oid >= ${firstUserOid} and ${notOfExtension('pg_cast', 'c.oid')}
  -- That of a range type to its multirange comes and goes with the type.
  and not exists (select from pg_depend made where made.classid = 'pg_cast'::regclass and made.objid = c.oid and made.deptype = 'i')`

const operatorName = (
  oid: string,
): string => `(select format('OPERATOR(%I.%s)', rn.nspname, ro.oprname) from pg_operator ro
  join pg_namespace rn on rn.oid = ro.oprnamespace where ro.oid = ${oid})`

const operatorSignature = (oid: string): string => `(select format('%I.%s(%s, %s)', rn.nspname, ro.oprname,
    case when ro.oprleft = 0 then 'NONE' else format_type(ro.oprleft, null) end,
    case when ro.oprright = 0 then 'NONE' else format_type(ro.oprright, null) end)
  from pg_operator ro join pg_namespace rn on rn.oid = ro.oprnamespace where ro.oid = ${oid})`

function operatorsQuery(scope: Scope): string {
  const members = [
    `'FUNCTION = ' || o.oprcode::regproc`,
    `case when o.oprleft <> 0 then 'LEFTARG = ' || format_type(o.oprleft, null) end`,
    `case when o.oprright <> 0 then 'RIGHTARG = ' || format_type(o.oprright, null) end`,
    `'COMMUTATOR = ' || ${operatorName('o.oprcom')}`,
    `'NEGATOR = ' || ${operatorName('o.oprnegate')}`,
    `'RESTRICT = ' || nullif(o.oprrest, 0)::regproc`,
    `'JOIN = ' || nullif(o.oprjoin, 0)::regproc`,
    `case when o.oprcanhash then 'HASHES' end`,
    `case when o.oprcanmerge then 'MERGES' end`,
  ]
  const select = selectOther({
    class: 'pg_operator',
    oid: 'o.oid',
    family: 'operator',
    key: operatorSignature('o.oid'),
    ddl: `array[format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, array_to_string(array[${members.join(', ')}], ', '))]`,
    drop: `'DROP OPERATOR ' || ${operatorSignature('o.oid')}`,
    word: 'OPERATOR',
    target: operatorSignature('o.oid'),
    owner: 'o.oprowner',
    when: 'early',
  })
  // An operator that another names as its commutator before it is made has no function yet.
  return `${select} from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
    where o.oprcode <> 0 and ${inUserSchema(scope, 'o.oprnamespace')} and ${notOfExtension('pg_operator', 'o.oid')}`
}

/** The operators and functions of a class, or those of a family that belong to none of its classes. */
function familyMembers(owner: string, of: string): string {
  const belongs = (
    catalog: string,
    oid: string,
  ): string => `exists (select from pg_depend d where d.classid = '${catalog}'::regclass
    and d.objid = ${oid} and d.refclassid = '${owner}'::regclass and d.refobjid = ${of})`
  return `array(
    select format('OPERATOR %s %s', m.amopstrategy, ${operatorSignature('m.amopopr')})
      || case when m.amopsortfamily <> 0 then (select format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname) from pg_opfamily sf
        join pg_namespace sn on sn.oid = sf.opfnamespace where sf.oid = m.amopsortfamily) else '' end
    from pg_amop m where ${belongs('pg_amop', 'm.oid')}
    union all
    select format('FUNCTION %s %s%s', m.amprocnum, format('(%s, %s) ', format_type(m.amproclefttype, null), format_type(m.amprocrighttype, null)),
      m.amproc::regprocedure)
    from pg_amproc m where ${belongs('pg_amproc', 'm.oid')}
    order by 1)`
}

function operatorFamiliesQuery(scope: Scope): string {
  const name = `format('%s USING %I', ${qualified('n.nspname', 'f.opfname')}, am.amname)`
  const members = familyMembers('pg_opfamily', 'f.oid')
  const select = selectOther({
    class: 'pg_opfamily',
    oid: 'f.oid',
    family: 'operator family',
    key: name,
    ddl: `array['CREATE OPERATOR FAMILY ' || ${name}]
      || array(select format('ALTER OPERATOR FAMILY %s ADD %s', ${name}, member) from unnest(${members}) as member)`,
    drop: `'DROP OPERATOR FAMILY ' || ${name}`,
    word: 'OPERATOR FAMILY',
    target: name,
    owner: 'f.opfowner',
    when: 'late',
  })
  return `${select} from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am am on am.oid = f.opfmethod
    where ${inUserSchema(scope, 'f.opfnamespace')} and ${notOfExtension('pg_opfamily', 'f.oid')}`
}

function operatorClassesQuery(scope: Scope): string {
  const name = `format('%s USING %I', ${qualified('n.nspname', 'c.opcname')}, am.amname)`
  const members = `array_to_string(${familyMembers('pg_opclass', 'c.oid')}
    || array['STORAGE ' || format_type(coalesce(nullif(c.opckeytype, 0), c.opcintype), null)], ', ')`
  const select = selectOther({
    class: 'pg_opclass',
    oid: 'c.oid',
    family: 'operator class',
    key: name,
    ddl: `array[format('CREATE OPERATOR CLASS %s%s FOR TYPE %s USING %I FAMILY %s AS %s', ${qualified('n.nspname', 'c.opcname')},
      case when c.opcdefault then ' DEFAULT' else '' end, format_type(c.opcintype, null), am.amname,
      ${qualified('fn.nspname', 'f.opfname')}, ${members})]`,
    drop: `'DROP OPERATOR CLASS ' || ${name}`,
    word: 'OPERATOR CLASS',
    target: name,
    owner: 'c.opcowner',
    when: 'late',
  })
  return `${select} from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am am on am.oid = c.opcmethod
    join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace
    where ${inUserSchema(scope, 'c.opcnamespace')} and ${notOfExtension('pg_opclass', 'c.oid')}`
}

const transformName = `format('FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname)`
const transformsQuery = `${selectOther({
  class: 'pg_transform',
  oid: 't.oid',
  family: 'transform',
  key: transformName,
  ddl: `array[format('CREATE TRANSFORM %s (%s)', ${transformName}, array_to_string(array[
    'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure, 'TO SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure], ', '))]`,
  drop: `'DROP TRANSFORM ' || ${transformName}`,
  word: 'TRANSFORM',
  target: transformName,
  when: 'late',
})} from pg_transform t join pg_language l on l.oid = t.trflang where ${notOfExtension('pg_transform', 't.oid')}`

const languagesQuery = `${selectOther({
  class: 'pg_language',
  oid: 'l.oid',
  family: 'language',
  key: 'quote_ident(l.lanname)',
  ddl: `array['CREATE ' || case when l.lanpltrusted then 'TRUSTED ' else '' end || 'LANGUAGE ' || quote_ident(l.lanname)
    || ' HANDLER ' || l.lanplcallfoid::regproc || coalesce(' INLINE ' || nullif(l.laninline, 0)::regproc, '')
    || coalesce(' VALIDATOR ' || nullif(l.lanvalidator, 0)::regproc, '')]`,
  drop: `'DROP LANGUAGE ' || quote_ident(l.lanname)`,
  word: 'LANGUAGE',
  target: 'quote_ident(l.lanname)',
  owner: 'l.lanowner',
  acl: { kind: 'language', expression: `coalesce(l.lanacl, acldefault('l', l.lanowner))` },
  when: 'early',
})} from pg_language l where l.lanispl and l.oid >= ${firstUserOid} and ${notOfExtension('pg_language', 'l.oid')}`

const accessMethodsQuery = `${selectOther({
  class: 'pg_am',
  oid: 'm.oid',
  family: 'access method',
  key: 'quote_ident(m.amname)',
  ddl: `array[format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', m.amname, case m.amtype when 't' then 'TABLE' else 'INDEX' end, m.amhandler)]`,
  drop: `'DROP ACCESS METHOD ' || quote_ident(m.amname)`,
  word: 'ACCESS METHOD',
  target: 'quote_ident(m.amname)',
  when: 'early',
})} from pg_am m where m.oid >= ${firstUserOid} and ${notOfExtension('pg_am', 'm.oid')}`

function conversionsQuery(scope: Scope): string {
  const name = qualified('n.nspname', 'c.conname')
  const select = selectOther({
    class: 'pg_conversion',
    oid: 'c.oid',
    family: 'conversion',
    key: name,
    ddl: `array[format('CREATE %sCONVERSION %s FOR %L TO %L FROM %s', case when c.condefault then 'DEFAULT ' else '' end, ${name},
      pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc)]`,
    drop: `'DROP CONVERSION ' || ${name}`,
    word: 'CONVERSION',
    target: name,
    owner: 'c.conowner',
    when: 'late',
  })
  return `${select} from pg_conversion c join pg_namespace n on n.oid = c.connamespace
    where ${inUserSchema(scope, 'c.connamespace')} and ${notOfExtension('pg_conversion', 'c.oid')}`
}

/** A base type needs functions in C that come with an extension; one on its own cannot be rendered, and so is missed. */
function baseTypesQuery(scope: Scope): string {
  const name = qualified('n.nspname', 't.typname')
  const select = selectOther({
    class: 'pg_type',
    oid: 't.oid',
    family: 'base type',
    key: name,
    ddl: `'{}'::text[]`,
    drop: `'DROP TYPE ' || ${name}`,
    word: 'TYPE',
    target: name,
    when: 'early',
  })
  return `${select} from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('b', 'p') and t.typelem = 0 and ${inUserSchema(scope, 't.typnamespace')} and ${notOfExtension('pg_type', 't.oid')}`
}
