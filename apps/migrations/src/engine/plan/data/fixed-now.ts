/** Replaces what reads the transaction's clock by one value for all batches of a run. */
import type { Node } from '@pgsql/types'
import { bodyOf, nameParts } from '../syntax.ts'
import { expressionNode } from './expression.ts'

const clockFunctions = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])

const castByOperator: Record<string, string> = {
  SVFOP_CURRENT_TIMESTAMP: '',
  SVFOP_CURRENT_TIMESTAMP_N: '::timestamptz',
  SVFOP_CURRENT_DATE: '::date',
  SVFOP_CURRENT_TIME: '::timetz',
  SVFOP_CURRENT_TIME_N: '::timetz',
  SVFOP_LOCALTIME: '::time',
  SVFOP_LOCALTIME_N: '::time',
  SVFOP_LOCALTIMESTAMP: '::timestamp',
  SVFOP_LOCALTIMESTAMP_N: '::timestamp',
}

/** Returns the tree with `now()` and its kin replaced by the SQL of a timestamptz. */
export function fixNow<T>(tree: T, now: string): T {
  if (Array.isArray(tree)) {
    return tree.map((item) => fixNow(item as unknown, now)) as T
  }
  if (typeof tree !== 'object' || tree === null) {
    return tree
  }
  const fixed = fixedClock(tree as unknown as Node, now)
  if (fixed !== undefined) {
    return fixed as T
  }
  return Object.fromEntries(Object.entries(tree).map(([key, field]) => [key, fixNow(field as unknown, now)])) as T
}

function fixedClock(node: Node, now: string): Node | undefined {
  if (isClockCall(node)) {
    return expressionNode(now)
  }
  const value = bodyOf<{ op?: string; typmod?: number }>(node, 'SQLValueFunction')
  const cast = castByOperator[value?.op ?? '']
  if (cast === undefined) {
    return undefined
  }
  const digits = value?.op?.endsWith('_N') ? `(${value.typmod ?? 0})` : ''
  return expressionNode(`${now}${cast}${digits}`)
}

function isClockCall(node: Node): boolean {
  const call = bodyOf<{ funcname?: Node[]; args?: Node[] }>(node, 'FuncCall')
  if (call === undefined || (call.args?.length ?? 0) > 0) {
    return false
  }
  const [schema, name] =
    call.funcname?.length === 1 ? ['pg_catalog', ...nameParts(call.funcname)] : nameParts(call.funcname)
  return schema === 'pg_catalog' && clockFunctions.has(name ?? '')
}
