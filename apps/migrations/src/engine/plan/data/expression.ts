import type { Node, SelectStmt } from '@pgsql/types'
import { parseSql } from '../../parse/parser.ts'
import { bodyOf } from '../syntax.ts'

/** Returns the parse tree of an expression that Freehold itself has written. */
export function expressionNode(sql: string): Node {
  const select = bodyOf<SelectStmt>(parseSql(`SELECT ${sql}`)[0]?.node, 'SelectStmt')
  const value = bodyOf<{ val?: Node }>(select?.targetList?.[0], 'ResTarget')?.val
  if (value === undefined) {
    throw new Error(`not an expression: ${sql}`)
  }
  return value
}

/** Returns the condition that both are true; as the parser does, in one flat list. */
export function both(condition: Node | undefined, more: Node[]): Node {
  const body = bodyOf<{ boolop?: string; args?: Node[] }>(condition, 'BoolExpr')
  const first = body?.boolop === 'AND_EXPR' ? (body.args ?? []) : condition === undefined ? [] : [condition]
  return { BoolExpr: { boolop: 'AND_EXPR', args: [...first, ...more] } }
}
