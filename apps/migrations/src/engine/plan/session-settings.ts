import type { Node } from '@pgsql/types'
import type { Statement } from '../parse/statement.ts'
import { bodyOf, kindOf, nameParts } from './syntax.ts'

export interface SessionSettings {
  /** Tells whether the statement only sets the session (or opens and ends a transaction), and remembers what it sets. */
  absorb(statement: Statement): boolean
  /** What is set now, for SET LOCAL before a step. */
  inForce(): Record<string, string>
}

/** Follows what a migration sets for the session, so that each of its steps runs under the same settings. */
export function sessionSettings(): SessionSettings {
  let values: Record<string, string> = {}
  return {
    absorb(statement) {
      const kind = kindOf(statement.node)
      if (kind === 'TransactionStmt') {
        return true
      }
      if (kind === 'VariableSetStmt') {
        values = afterSet(values, statement)
        return true
      }
      const call = setConfig(statement.node)
      if (call !== undefined) {
        values = { ...values, [call.name]: call.value }
        return true
      }
      return false
    },
    inForce: () => ({ ...values }),
  }
}

/** Returns the schemas of the search_path that the file has set, if it has set one. */
export function searchPathIn(settings: Record<string, string>): string[] | undefined {
  const schemas = settings['search_path']
    ?.split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replaceAll('""', '"'),
    )
    .filter((schema) => schema !== '' && schema !== '$user')
  return schemas === undefined || schemas.length === 0 ? undefined : schemas
}

function afterSet(values: Record<string, string>, statement: Statement): Record<string, string> {
  const set = bodyOf<{ kind?: string; name?: string; args?: Node[] }>(statement.node, 'VariableSetStmt')
  const name = set?.name ?? ''
  switch (set?.kind) {
    case 'VAR_RESET_ALL':
      return {}
    case 'VAR_SET_VALUE': {
      const words = (set.args ?? []).map(constantOf).filter((word) => word !== undefined)
      // A list such as a search_path is given back to SET LOCAL as one list of quoted names.
      const value =
        name === 'search_path' ? words.map((word) => `"${word.replaceAll('"', '""')}"`).join(', ') : words.join(', ')
      return isTimeout(name) ? values : { ...values, [name]: value }
    }
    default: {
      const { [name]: _, ...rest } = values
      return rest
    }
  }
}

/** Timeouts are Freehold's own to set; a migration's would cut long, harmless steps off. */
function isTimeout(name: string): boolean {
  return name === 'lock_timeout' || name === 'statement_timeout' || name === 'idle_in_transaction_session_timeout'
}

function constantOf(node: Node): string | undefined {
  const constant = bodyOf<{
    sval?: { sval?: string }
    ival?: { ival?: number }
    fval?: { fval?: string }
    boolval?: { boolval?: boolean }
  }>(node, 'A_Const')
  if (constant?.sval !== undefined) {
    return constant.sval.sval ?? ''
  }
  if (constant?.ival !== undefined) {
    return String(constant.ival.ival ?? 0)
  }
  if (constant?.boolval !== undefined) {
    return constant.boolval.boolval === true ? 'on' : 'off'
  }
  return constant?.fval?.fval
}

/** `SELECT set_config('name', 'value', false)`, as pg_dump writes it. */
function setConfig(node: Node): { name: string; value: string } | undefined {
  const targets = bodyOf<{ targetList?: Node[] }>(node, 'SelectStmt')?.targetList ?? []
  const call = bodyOf<{ funcname?: Node[]; args?: Node[] }>(
    bodyOf<{ val?: Node }>(targets[0], 'ResTarget')?.val,
    'FuncCall',
  )
  if (targets.length !== 1 || nameParts(call?.funcname).at(-1) !== 'set_config') {
    return undefined
  }
  const [name, value] = (call?.args ?? []).map(constantOf)
  return name === undefined || value === undefined ? undefined : { name, value }
}
