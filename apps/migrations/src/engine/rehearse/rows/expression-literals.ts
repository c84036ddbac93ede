import type { Node } from '@pgsql/types'
import { bodyOf, columnNamesOf, eachNode, kindOf, nameParts } from '../../plan/syntax.ts'

/** A constant that an expression holds against a column. */
export interface ColumnLiteral {
  column: string
  /** As text; true stands for `true`. */
  value: string
}

/**
 * Returns the constants that the tree compares columns with: `a = 1`, `a IN ('x', 'y')`, `a LIKE 'b%'`,
 * `CASE a WHEN 2 …`, `a->>'kind' = 'old'` and their like. For a bound on numbers its neighbours come with it.
 */
export function literalsIn(tree: unknown): ColumnLiteral[] {
  const found: ColumnLiteral[] = []
  eachNode<{ kind?: string; name?: Node[]; lexpr?: Node; rexpr?: Node }>(tree, 'A_Expr', (expression) => {
    const operator = nameParts(expression.name).at(-1) ?? ''
    if (operator === '->' || operator === '->>') {
      return
    }
    for (const [side, other] of [
      [expression.lexpr, expression.rexpr],
      [expression.rexpr, expression.lexpr],
    ]) {
      const values = constantsOf(other).flatMap((value) => variants(expression.kind ?? '', operator, value))
      found.push(...values.flatMap((value) => placed(side, value)))
    }
  })
  eachNode<{ arg?: Node; args?: Node[] }>(tree, 'CaseExpr', ({ arg, args }) => {
    eachNode<{ expr?: Node }>(args, 'CaseWhen', ({ expr }) => {
      found.push(...constantsOf(expr).flatMap((value) => (arg === undefined ? [] : placed(arg, value))))
    })
  })
  return found
}

/** The text of a constant, casts looked through; undefined for anything else. */
export function constantText(node: Node | undefined): string | undefined {
  const cast = bodyOf<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) {
    return constantText(cast.arg)
  }
  const negated = bodyOf<{ name?: Node[]; lexpr?: Node; rexpr?: Node }>(node, 'A_Expr')
  if (negated !== undefined && negated.lexpr === undefined && nameParts(negated.name).at(-1) === '-') {
    const value = constantText(negated.rexpr)
    return value === undefined ? undefined : `-${value}`
  }
  const constant = bodyOf<Record<string, Record<string, unknown> | boolean | undefined>>(node, 'A_Const')
  if (constant === undefined || constant['isnull'] === true) {
    return undefined
  }
  const value = (['sval', 'fval', 'bsval'] as const).map(
    (key) => (constant[key] as Record<string, unknown> | undefined)?.[key],
  )
  const text = value.find((item) => item !== undefined)
  if (text !== undefined) {
    return String(text)
  }
  if (constant['ival'] !== undefined) {
    return String((constant['ival'] as { ival?: number }).ival ?? 0)
  }
  if (constant['boolval'] !== undefined) {
    return String((constant['boolval'] as { boolval?: boolean }).boolval ?? false)
  }
  return constant['sval'] === undefined ? undefined : ''
}

/** A constant, or all of a list, an array or an array's text. */
function constantsOf(node: Node | undefined): string[] {
  const single = constantText(node)
  if (single !== undefined) {
    return /^\{[^"]*\}$/.test(single) && kindOf(node as Node) === 'TypeCast' ? single.slice(1, -1).split(',') : [single]
  }
  const inner = bodyOf<{ arg?: Node }>(node, 'TypeCast')?.arg ?? node
  const items =
    bodyOf<{ items?: Node[] }>(inner, 'List')?.items ?? bodyOf<{ elements?: Node[] }>(inner, 'A_ArrayExpr')?.elements
  return (items ?? []).map(constantText).filter((value) => value !== undefined)
}

function variants(kind: string, operator: string, value: string): string[] {
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE' || operator.startsWith('~~')) {
    return [
      value
        .replaceAll(/(?<!\\)%/g, 'mid')
        .replaceAll(/(?<!\\)_/g, 'x')
        .replaceAll('\\', ''),
    ]
  }
  const isBound = ['<', '>', '<=', '>='].includes(operator) || kind.includes('BETWEEN')
  if (/^-?\d{1,15}$/.test(value) && isBound) {
    return [Number(value), Number(value) - 1, Number(value) + 1].map(String)
  }
  if (/^-?\d{1,12}\.\d+$/.test(value) && isBound) {
    return [value, String(Number(value) - 1), String(Number(value) + 1)]
  }
  return [value]
}

/** Where the constant would have to stand for the comparison to hold: in the column, or at a path of its JSON. */
function placed(side: Node | undefined, value: string): ColumnLiteral[] {
  if (side === undefined) {
    return []
  }
  const path = bodyOf<{ name?: Node[]; lexpr?: Node; rexpr?: Node }>(side, 'A_Expr')
  const operator = nameParts(path?.name).at(-1)
  if (path !== undefined && (operator === '->' || operator === '->>')) {
    const key = constantText(path.rexpr)
    return key === undefined ? [] : placed(path.lexpr, wrapped(key, value))
  }
  return [...columnNamesOf(side)].filter((column) => column !== '*').map((column) => ({ column, value }))
}

function wrapped(key: string, value: string): string {
  const isJson = value.startsWith('{"')
  return JSON.stringify({ [key]: isJson ? JSON.parse(value) : value })
}
