/** What the text of an expression tells of how often its value changes. */

import type { Node } from '@pgsql/types'
import { eachNode, nameParts } from '../plan/syntax.ts'

/** Functions that return the same for all rows of one statement (pg_proc.provolatile s or i). */
const steady = new Set(
  `now transaction_timestamp statement_timestamp current_setting current_schema current_database current_user
  session_user user to_char to_date to_timestamp to_jsonb to_json jsonb_build_object jsonb_build_array json_build_object
  json_build_array json_object jsonb_object array_to_json lower upper initcap concat concat_ws coalesce date_trunc
  date_part extract make_interval make_date make_time make_timestamp make_timestamptz timezone abs round ceil floor
  trunc length left right substring substr replace trim btrim ltrim rtrim md5 sha256 encode decode array_fill
  string_to_array chr repeat lpad rpad format greatest least nullif int4range int8range numrange tsrange tstzrange
  daterange point box to_tsvector to_number cardinality array_length split_part regexp_replace justify_interval age
  inet_client_addr txid_current pg_backend_pid`.split(/\s+/),
)

/** Returns the functions that may give each row another value: volatile ones, and those of the user's, which may be. */
export function volatileCalls(expression: Node | undefined): string[] {
  const found: string[] = []
  eachNode(expression, 'FuncCall', (call: { funcname?: Node[] }) => {
    const name = nameParts(call.funcname).at(-1) ?? ''
    if (!steady.has(name)) {
      found.push(name)
    }
  })
  return found
}

/** Tells whether the expression may give each row another value. */
export function isVolatile(expression: Node | undefined): boolean {
  return volatileCalls(expression).length > 0
}
