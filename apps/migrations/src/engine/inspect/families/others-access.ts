import { type OtherQuery, selectOther } from './other-row.ts'
import { isUserSchema, notOfExtension, type Scope } from './scope.ts'

/** Foreign data, event triggers, default privileges, dependencies on extensions and security labels. */
export function accessQueries(scope: Scope): OtherQuery[] {
  return [
    { catalog: 'pg_foreign_data_wrapper', sql: wrappersQuery },
    { catalog: 'pg_foreign_server', sql: serversQuery },
    { catalog: 'pg_foreign_server', sql: userMappingsQuery },
    { catalog: 'pg_event_trigger', sql: eventTriggersQuery },
    { catalog: 'pg_default_acl', sql: defaultPrivilegesQuery(scope) },
    { catalog: 'pg_depend', sql: extensionDependenciesQuery },
    { catalog: 'pg_seclabel', sql: securityLabelsQuery },
  ]
}

// pg_options_to_table takes name=value apart.
const foreignOptions = (
  column: string,
): string => `coalesce((select format(' OPTIONS (%s)', string_agg(format('%I %L', option_name, option_value), ', '))
  from pg_options_to_table(${column}) having count(*) > 0), '')`

const wrappersQuery = `${selectOther({
  class: 'pg_foreign_data_wrapper',
  oid: 'w.oid',
  family: 'foreign data wrapper',
  key: 'quote_ident(w.fdwname)',
  ddl: `array['CREATE FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname) || coalesce(' HANDLER ' || nullif(w.fdwhandler, 0)::regproc, '')
    || coalesce(' VALIDATOR ' || nullif(w.fdwvalidator, 0)::regproc, '') || ${foreignOptions('w.fdwoptions')}]`,
  drop: `'DROP FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname)`,
  word: 'FOREIGN DATA WRAPPER',
  target: 'quote_ident(w.fdwname)',
  owner: 'w.fdwowner',
  acl: { kind: 'wrapper', expression: `coalesce(w.fdwacl, acldefault('F', w.fdwowner))` },
  when: 'early',
})} from pg_foreign_data_wrapper w where ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}`

const serversQuery = `${selectOther({
  class: 'pg_foreign_server',
  oid: 's.oid',
  family: 'server',
  key: 's.srvname::text',
  ddl: `array['CREATE SERVER ' || quote_ident(s.srvname) || coalesce(' TYPE ' || quote_literal(s.srvtype), '')
    || coalesce(' VERSION ' || quote_literal(s.srvversion), '') || ' FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname)
    || ${foreignOptions('s.srvoptions')}]`,
  drop: `'DROP SERVER ' || quote_ident(s.srvname)`,
  word: 'SERVER',
  target: 'quote_ident(s.srvname)',
  owner: 's.srvowner',
  acl: { kind: 'server', expression: `coalesce(s.srvacl, acldefault('S', s.srvowner))` },
  when: 'early',
})} from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${notOfExtension('pg_foreign_server', 's.oid')}`

// The options hold passwords, which are nobody's schema; not every role may see them either.
const mappedUser = `case when m.umuser = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(m.umuser)) end`
const userMappingsQuery = `${selectOther({
  class: 'pg_user_mapping',
  oid: 'm.umid',
  family: 'user mapping',
  key: `format('FOR %s SERVER %I', ${mappedUser}, m.srvname)`,
  ddl: `array[format('CREATE USER MAPPING FOR %s SERVER %I', ${mappedUser}, m.srvname)]`,
  drop: `format('DROP USER MAPPING FOR %s SERVER %I', ${mappedUser}, m.srvname)`,
  word: 'USER MAPPING',
  target: `''`,
  roles: `case when m.umuser = 0 then '{}'::text[] else array[pg_get_userbyid(m.umuser)::text] end`,
  when: 'late',
})} from pg_user_mappings m`

const eventTriggersQuery = `${selectOther({
  class: 'pg_event_trigger',
  oid: 'e.oid',
  family: 'event trigger',
  key: 'quote_ident(e.evtname)',
  ddl: `array[format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent,
      case when e.evttags is null then '' else format(' WHEN TAG IN (%s)', (select string_agg(quote_literal(tag), ', ') from unnest(e.evttags) as tag)) end,
      e.evtfoid::regproc)]
    || case e.evtenabled when 'D' then array[format('ALTER EVENT TRIGGER %I DISABLE', e.evtname)]
      when 'R' then array[format('ALTER EVENT TRIGGER %I ENABLE REPLICA', e.evtname)]
      when 'A' then array[format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', e.evtname)] else '{}'::text[] end`,
  drop: `'DROP EVENT TRIGGER ' || quote_ident(e.evtname)`,
  word: 'EVENT TRIGGER',
  target: 'quote_ident(e.evtname)',
  owner: 'e.evtowner',
  when: 'last',
})} from pg_event_trigger e where ${notOfExtension('pg_event_trigger', 'e.oid')}`

// Those of a schema add to the global ones; the global ones stand for the built-in ones, which are revoked first.
function defaultPrivilegesQuery(scope: Scope): string {
  const objects = `case d.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES' when 'f' then 'ROUTINES' when 'T' then 'TYPES'
    when 'n' then 'SCHEMAS' else 'LARGE OBJECTS' end`
  const head = `format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s ', pg_get_userbyid(d.defaclrole), coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''))`
  const grantee = `case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end`
  const builtIn = `acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end::"char", d.defaclrole)`
  const grants = (acl: string): string => `array(select format('%sGRANT %s ON %s TO %s%s', ${head},
      string_agg(a.privilege_type, ', ' order by a.privilege_type), ${objects}, ${grantee}, case when a.is_grantable then ' WITH GRANT OPTION' else '' end)
    from aclexplode(${acl}) a group by a.grantee, a.is_grantable order by 1)`
  const revokes = (
    acl: string,
  ): string => `array(select distinct format('%sREVOKE ALL ON %s FROM %s', ${head}, ${objects}, ${grantee})
    from aclexplode(${acl}) a order by 1)`
  const select = selectOther({
    class: 'pg_default_acl',
    oid: 'd.oid',
    family: 'default privileges',
    key: `format('FOR ROLE %I%s ON %s', pg_get_userbyid(d.defaclrole), coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''), ${objects})`,
    ddl: `case when d.defaclnamespace = 0 then ${revokes(builtIn)} else '{}'::text[] end || ${grants('d.defaclacl')}`,
    drop: `array_to_string(${revokes('d.defaclacl')} || case when d.defaclnamespace = 0 then ${grants(builtIn)} else '{}'::text[] end, '; ')`,
    word: 'DEFAULT PRIVILEGES',
    target: `''`,
    roles: `(select array_agg(distinct pg_get_userbyid(role)::text) from (select d.defaclrole as role
      union all select a.grantee from aclexplode(d.defaclacl) a where a.grantee <> 0) as named)`,
    when: 'last',
  })
  return `${select} from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
    where n.oid is null or ${isUserSchema(scope, 'n.nspname')}`
}

const extensionDependenciesQuery = `${selectOther({
  class: 'pg_depend',
  oid: '0::oid',
  family: 'extension dependency',
  key: `format('%s %s ON %I', i.type, i.identity, e.extname)`,
  ddl: `array[format('ALTER %s %s DEPENDS ON EXTENSION %I', upper(i.type), i.identity, e.extname)]`,
  drop: `format('ALTER %s %s NO DEPENDS ON EXTENSION %I', upper(i.type), i.identity, e.extname)`,
  word: 'EXTENSION DEPENDENCY',
  target: `''`,
  when: 'last',
})} from pg_depend d join pg_extension e on e.oid = d.refobjid
  cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) i
  where d.deptype = 'x' and d.refclassid = 'pg_extension'::regclass`

const securityLabelsQuery = `${selectOther({
  class: 'pg_seclabel',
  oid: '0::oid',
  family: 'security label',
  key: `format('%s %s FOR %I', i.type, i.identity, s.provider)`,
  ddl: `array[format('SECURITY LABEL FOR %I ON %s %s IS %L', s.provider, upper(i.type), i.identity, s.label)]`,
  drop: `format('SECURITY LABEL FOR %I ON %s %s IS NULL', s.provider, upper(i.type), i.identity)`,
  word: 'SECURITY LABEL',
  target: `''`,
  when: 'last',
})} from pg_seclabel s cross join lateral pg_identify_object(s.classoid, s.objoid, s.objsubid) i`
