import { type OtherQuery, selectOther } from './other-row.ts'
import { inUserSchema, notOfExtension, qualified, type Scope } from './scope.ts'

/** Collations and all of text search. */
export function textQueries(scope: Scope): OtherQuery[] {
  return [
    { catalog: 'pg_collation', sql: collationsQuery(scope) },
    { catalog: 'pg_ts_parser', sql: parsersQuery(scope) },
    { catalog: 'pg_ts_template', sql: templatesQuery(scope) },
    { catalog: 'pg_ts_dict', sql: dictionariesQuery(scope) },
    { catalog: 'pg_ts_config', sql: configurationsQuery(scope) },
  ]
}

function collationsQuery(scope: Scope): string {
  const name = qualified('n.nspname', 'c.collname')
  // The locale of ICU moved from collcollate to colliculocale in 15 and to colllocale in 17.
  const locale =
    scope.version >= 170000
      ? 'c.colllocale'
      : scope.version >= 150000
        ? 'c.colliculocale'
        : `case when c.collprovider = 'i' then c.collcollate end`
  const rules = scope.version >= 160000 ? `'RULES = ' || quote_literal(c.collicurules)` : 'null'
  const members = `case when c.collprovider = 'i' or c.collprovider = 'b'
    then array['PROVIDER = ' || case c.collprovider when 'i' then 'icu' else 'builtin' end, 'LOCALE = ' || quote_literal(${locale}), ${rules}]
    else array['PROVIDER = libc', 'LC_COLLATE = ' || quote_literal(c.collcollate), 'LC_CTYPE = ' || quote_literal(c.collctype)] end`
  const select = selectOther({
    class: 'pg_collation',
    oid: 'c.oid',
    family: 'collation',
    key: name,
    ddl: `array[format('CREATE COLLATION %s (%s)', ${name}, array_to_string(${members}
      || case when c.collisdeterministic then '{}'::text[] else array['DETERMINISTIC = false'] end, ', '))]`,
    drop: `'DROP COLLATION ' || ${name}`,
    word: 'COLLATION',
    target: name,
    owner: 'c.collowner',
    when: 'early',
  })
  return `${select} from pg_collation c join pg_namespace n on n.oid = c.collnamespace
    where ${inUserSchema(scope, 'c.collnamespace')} and ${notOfExtension('pg_collation', 'c.oid')}`
}

function parsersQuery(scope: Scope): string {
  const name = qualified('n.nspname', 'p.prsname')
  const select = selectOther({
    class: 'pg_ts_parser',
    oid: 'p.oid',
    family: 'text search parser',
    key: name,
    ddl: `array[format('CREATE TEXT SEARCH PARSER %s (%s)', ${name}, array_to_string(array['START = ' || p.prsstart::text, 'GETTOKEN = ' || p.prstoken::text,
      'END = ' || p.prsend::text, 'HEADLINE = ' || nullif(p.prsheadline::oid, 0)::regproc, 'LEXTYPES = ' || p.prslextype::text], ', '))]`,
    drop: `'DROP TEXT SEARCH PARSER ' || ${name}`,
    word: 'TEXT SEARCH PARSER',
    target: name,
    when: 'early',
  })
  return `${select} from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace
    where ${inUserSchema(scope, 'p.prsnamespace')} and ${notOfExtension('pg_ts_parser', 'p.oid')}`
}

function templatesQuery(scope: Scope): string {
  const name = qualified('n.nspname', 't.tmplname')
  const select = selectOther({
    class: 'pg_ts_template',
    oid: 't.oid',
    family: 'text search template',
    key: name,
    ddl: `array[format('CREATE TEXT SEARCH TEMPLATE %s (%s)', ${name}, array_to_string(array[
      'INIT = ' || nullif(t.tmplinit::oid, 0)::regproc, 'LEXIZE = ' || t.tmpllexize::text], ', '))]`,
    drop: `'DROP TEXT SEARCH TEMPLATE ' || ${name}`,
    word: 'TEXT SEARCH TEMPLATE',
    target: name,
    when: 'early',
  })
  return `${select} from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
    where ${inUserSchema(scope, 't.tmplnamespace')} and ${notOfExtension('pg_ts_template', 't.oid')}`
}

function dictionariesQuery(scope: Scope): string {
  const name = qualified('n.nspname', 'd.dictname')
  const select = selectOther({
    class: 'pg_ts_dict',
    oid: 'd.oid',
    family: 'text search dictionary',
    key: name,
    ddl: `array[format('CREATE TEXT SEARCH DICTIONARY %s (TEMPLATE = %s%s)', ${name}, ${qualified('tn.nspname', 't.tmplname')},
      coalesce(', ' || d.dictinitoption, ''))]`,
    drop: `'DROP TEXT SEARCH DICTIONARY ' || ${name}`,
    word: 'TEXT SEARCH DICTIONARY',
    target: name,
    owner: 'd.dictowner',
    when: 'early',
  })
  return `${select} from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
    join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace
    where ${inUserSchema(scope, 'd.dictnamespace')} and ${notOfExtension('pg_ts_dict', 'd.oid')}`
}

function configurationsQuery(scope: Scope): string {
  const name = qualified('n.nspname', 'c.cfgname')
  const mappings = `array(
    select format('ALTER TEXT SEARCH CONFIGURATION %s ADD MAPPING FOR %I WITH %s', ${name}, token.alias,
      string_agg(${qualified('dn.nspname', 'd.dictname')}, ', ' order by m.mapseqno))
    from pg_ts_config_map m join pg_ts_dict d on d.oid = m.mapdict join pg_namespace dn on dn.oid = d.dictnamespace
    join ts_token_type(c.cfgparser) token on token.tokid = m.maptokentype
    where m.mapcfg = c.oid group by token.tokid, token.alias order by token.tokid)`
  const select = selectOther({
    class: 'pg_ts_config',
    oid: 'c.oid',
    family: 'text search configuration',
    key: name,
    ddl: `array[format('CREATE TEXT SEARCH CONFIGURATION %s (PARSER = %s)', ${name}, ${qualified('pn.nspname', 'p.prsname')})] || ${mappings}`,
    drop: `'DROP TEXT SEARCH CONFIGURATION ' || ${name}`,
    word: 'TEXT SEARCH CONFIGURATION',
    target: name,
    owner: 'c.cfgowner',
    when: 'early',
  })
  return `${select} from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace
    join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace
    where ${inUserSchema(scope, 'c.cfgnamespace')} and ${notOfExtension('pg_ts_config', 'c.oid')}`
}
