import { qualified } from './scope.ts'

const named = (label: string, value: string): string =>
  `case when ${value} is not null then '${label} = ' || ${value} end`
const routine = (oid: string): string => `nullif(${oid}, 0)::regproc::text`
const option = (label: string, condition: string): string => `case when ${condition} then '${label}' end`
const modify = (label: string, column: string): string =>
  `'${label} = ' || case ${column} when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end`

const operator = `(select 'OPERATOR(' || quote_ident(sn.nspname) || '.' || so.oprname || ')' from pg_operator so
  join pg_namespace sn on sn.oid = so.oprnamespace where so.oid = a.aggsortop)`

const members = [
  named('SFUNC', routine('a.aggtransfn')),
  named('STYPE', 'format_type(a.aggtranstype, null)'),
  named('SSPACE', 'nullif(a.aggtransspace, 0)::text'),
  named('FINALFUNC', routine('a.aggfinalfn')),
  option('FINALFUNC_EXTRA', 'a.aggfinalextra'),
  `case when a.aggfinalfn <> 0 then ${modify('FINALFUNC_MODIFY', 'a.aggfinalmodify')} end`,
  named('COMBINEFUNC', routine('a.aggcombinefn')),
  named('SERIALFUNC', routine('a.aggserialfn')),
  named('DESERIALFUNC', routine('a.aggdeserialfn')),
  named('INITCOND', 'quote_literal(a.agginitval)'),
  named('MSFUNC', routine('a.aggmtransfn')),
  named('MINVFUNC', routine('a.aggminvtransfn')),
  named('MSTYPE', `case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end`),
  named('MSSPACE', 'nullif(a.aggmtransspace, 0)::text'),
  named('MFINALFUNC', routine('a.aggmfinalfn')),
  option('MFINALFUNC_EXTRA', 'a.aggmfinalextra'),
  `case when a.aggmfinalfn <> 0 then ${modify('MFINALFUNC_MODIFY', 'a.aggmfinalmodify')} end`,
  named('MINITCOND', 'quote_literal(a.aggminitval)'),
  named('SORTOP', operator),
  `case p.proparallel when 's' then 'PARALLEL = SAFE' when 'r' then 'PARALLEL = RESTRICTED' end`,
  option('HYPOTHETICAL', `a.aggkind = 'h'`),
]

/** A subquery for CREATE AGGREGATE of the aggregate `p` in the schema `n`, which Postgres itself does not print. */
export const aggregateDefinition = `
  (select 'CREATE AGGREGATE ' || ${qualified('n.nspname', 'p.proname')}
    || '(' || coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') || ') ('
    || array_to_string(array[${members.join(',\n    ')}], ', ') || ')'
   from pg_aggregate a where a.aggfnoid = p.oid)`
