/** What a migration sets for its session. */
import type { Node, VariableSetStmt } from '@pgsql/types'
import { bodyOf } from '../plan/syntax.ts'

const unitsMs: Record<string, number> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** Returns the milliseconds that a timeout is set to; undefined where the statement sets it to its default. */
export function timeoutMsOf(body: VariableSetStmt): number | undefined {
  const constant = bodyOf<{ ival?: { ival?: number }; sval?: { sval?: string } }>(body.args?.[0] as Node, 'A_Const')
  if (constant === undefined) {
    return undefined
  }
  if (constant.ival !== undefined) {
    return constant.ival.ival ?? 0
  }
  const [, number, unit = 'ms'] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/.exec(constant.sval?.sval ?? '') ?? []
  return number === undefined ? undefined : Number(number) * (unitsMs[unit] ?? 1)
}
