/**
 * Reads off a statement which rows its conditions ask for. A scenario is one way to meet a condition or to stand right
 * beside it: `a = 1 AND b > 5` gives `{a: 1, b: 6}`, `{a: 1, b: 5}`, `{a: 1, b: 4}`.
 */
import type { Node } from '@pgsql/types'
import { bodyOf, columnNamesOf, kindOf, nameParts } from '../../plan/syntax.ts'

/** Values by column; null where the column is to be null. */
export type Scenario = Record<string, string | null>

/** Of each part of a statement no more are followed. */
const scenariosMax = 24

/** Returns the scenarios of everything in the tree, those that meet its conditions first. */
export function scenariosIn(tree: unknown): Scenario[] {
  if (Array.isArray(tree)) {
    return tree.flatMap(scenariosIn).slice(0, scenariosMax)
  }
  if (typeof tree !== 'object' || tree === null) {
    return []
  }
  return Object.entries(tree)
    .flatMap(([kind, body]) => scenariosOf(kind, body))
    .slice(0, scenariosMax)
}

function scenariosOf(kind: string, body: unknown): Scenario[] {
  switch (kind) {
    case 'BoolExpr':
      return ofBoolean(body as { boolop?: string; args?: Node[] })
    case 'A_Expr':
      return ofComparison(body as Comparison)
    case 'NullTest':
      return ofNullTest(body as { nulltesttype?: string; arg?: Node })
    case 'CaseExpr':
      return ofCase(body as { arg?: Node; args?: Node[]; defresult?: Node })
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'SelectStmt':
      return ofStatement(body as { whereClause?: Node })
    default:
      return scenariosIn(body)
  }
}

/** What a statement does with its rows, it does with those that its WHERE lets through. */
function ofStatement({ whereClause, ...rest }: { whereClause?: Node }): Scenario[] {
  const where = scenariosIn(whereClause)
  return [...where, ...scenariosIn(rest).map((scenario) => ({ ...where[0], ...scenario }))].slice(0, scenariosMax)
}

function ofBoolean({ boolop, args }: { boolop?: string; args?: Node[] }): Scenario[] {
  const parts = (args ?? []).map(scenariosIn).filter((part) => part.length > 0)
  if (boolop !== 'AND_EXPR') {
    return parts.flat().slice(0, scenariosMax)
  }
  const longest = Math.max(0, ...parts.map((part) => part.length))
  return Array.from({ length: longest }, (_, at) =>
    Object.assign({}, ...parts.map((part) => part[at % part.length] as Scenario)),
  )
}

function ofNullTest({ nulltesttype, arg }: { nulltesttype?: string; arg?: Node }): Scenario[] {
  const columns = [...columnNamesOf(arg)].filter((column) => column !== '*')
  const isNull = columns.length === 1 ? [{ [columns[0] as string]: null }] : []
  return nulltesttype === 'IS_NULL' ? isNull : [{}, ...isNull]
}

function ofCase({ arg, args, defresult }: { arg?: Node; args?: Node[]; defresult?: Node }): Scenario[] {
  const branches = (args ?? []).flatMap((node) => {
    const when = bodyOf<{ expr?: Node; result?: Node }>(node, 'CaseWhen')
    const conditions =
      arg === undefined ? scenariosIn(when?.expr) : constantsOf(when?.expr).flatMap((value) => placed(arg, value))
    return [...conditions, ...scenariosIn(when?.result).map((inner) => ({ ...conditions[0], ...inner }))]
  })
  return [...branches, ...scenariosIn(defresult)]
}

interface Comparison {
  kind?: string
  name?: Node[]
  lexpr?: Node
  rexpr?: Node
}

function ofComparison(comparison: Comparison): Scenario[] {
  const operator = nameParts(comparison.name).at(-1) ?? ''
  const found =
    operator === '->' || operator === '->>' ? [] : [...sideOf(comparison, operator), ...mirrored(comparison, operator)]
  return [...found, ...scenariosIn([comparison.lexpr, comparison.rexpr])]
}

function sideOf({ kind, lexpr, rexpr }: Comparison, operator: string): Scenario[] {
  const values = constantsOf(rexpr).flatMap((value) => variants(kind ?? '', operator, value))
  const scenarios = values.flatMap((value) => placed(lexpr, value))
  const isNegated = operator === '<>' || operator === '!=' || operator.startsWith('!')
  return isNegated && scenarios.length > 0 ? [{}, ...scenarios] : scenarios
}

const mirrors: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' }

function mirrored({ kind, lexpr, rexpr }: Comparison, operator: string): Scenario[] {
  const isPlain = kind === undefined || kind === 'AEXPR_OP'
  return isPlain ? sideOf({ kind, lexpr: rexpr, rexpr: lexpr } as Comparison, mirrors[operator] ?? operator) : []
}

/** The text of a constant, casts looked through; undefined for anything else. */
export function constantText(node: Node | undefined): string | undefined {
  const cast = bodyOf<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) {
    return constantText(cast.arg)
  }
  const negated = bodyOf<Comparison>(node, 'A_Expr')
  if (negated !== undefined && negated.lexpr === undefined && nameParts(negated.name).at(-1) === '-') {
    const value = constantText(negated.rexpr)
    return value === undefined ? undefined : `-${value}`
  }
  const constant = bodyOf<{
    isnull?: boolean
    sval?: { sval?: string }
    fval?: { fval?: string }
    bsval?: { bsval?: string }
    ival?: { ival?: number }
    boolval?: { boolval?: boolean }
  }>(node, 'A_Const')
  if (constant === undefined || constant.isnull === true) {
    return undefined
  }
  // The parser leaves out what is empty, zero or false.
  if (constant.sval !== undefined) {
    return constant.sval.sval ?? ''
  }
  if (constant.ival !== undefined) {
    return String(constant.ival.ival ?? 0)
  }
  return constant.boolval === undefined
    ? (constant.fval?.fval ?? constant.bsval?.bsval)
    : String(constant.boolval.boolval ?? false)
}

/** A constant, or all of a list, an array or an array's text. */
function constantsOf(node: Node | undefined): string[] {
  const single = constantText(node)
  if (single !== undefined) {
    const isArray = /^\{[^"]*\}$/.test(single) && kindOf(node as Node) === 'TypeCast'
    return isArray ? single.slice(1, -1).split(',') : [single]
  }
  const inner = bodyOf<{ arg?: Node }>(node, 'TypeCast')?.arg ?? node
  const list = bodyOf<{ items?: Node[] }>(inner, 'List')?.items
  const items = list ?? bodyOf<{ elements?: Node[] }>(inner, 'A_ArrayExpr')?.elements
  return (items ?? []).map(constantText).filter((value) => value !== undefined)
}

/** The constant and values beside it, such that the first one meets the comparison. */
function variants(kind: string, operator: string, value: string): string[] {
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') {
    const filled = value.replaceAll(/(?<!\\)%/g, 'mid').replaceAll(/(?<!\\)_/g, 'x')
    return [filled.replaceAll('\\', '')]
  }
  if (kind.includes('BETWEEN')) {
    return moved(value, [0, 1, -1])
  }
  const steps: Record<string, number[]> = { '<': [-1, 0, 1], '<=': [0, -1, 1], '>': [1, 0, -1], '>=': [0, 1, -1] }
  return moved(value, steps[operator] ?? [0])
}

/** Moves a number by ones and a date by days; of other texts there is only the text itself. */
function moved(value: string, steps: number[]): string[] {
  if (/^-?\d{1,15}(\.\d+)?$/.test(value)) {
    return steps.map((step) => (step === 0 ? value : String(Number(value) + step)))
  }
  const day = /^(\d{4}-\d{2}-\d{2})(.*)$/s.exec(value)
  const at = day === null ? Number.NaN : Date.parse(`${day[1]}T00:00:00Z`)
  if (Number.isNaN(at)) {
    return [value]
  }
  return steps.map((step) => `${new Date(at + step * 24 * 3600 * 1000).toISOString().slice(0, 10)}${day?.[2] ?? ''}`)
}

/** Where the constant would have to stand for the comparison to hold: in the column, or at a path of its JSON. */
function placed(side: Node | undefined, value: string): Scenario[] {
  const path = bodyOf<Comparison>(side, 'A_Expr')
  const operator = nameParts(path?.name).at(-1)
  if (path !== undefined && (operator === '->' || operator === '->>')) {
    const key = constantText(path.rexpr)
    return key === undefined ? [] : placed(path.lexpr, wrapped(key, value))
  }
  const columns = side === undefined ? [] : [...columnNamesOf(side)].filter((column) => column !== '*')
  return columns.map((column) => ({ [column]: value }))
}

function wrapped(key: string, value: string): string {
  return JSON.stringify({ [key]: value.startsWith('{"') ? JSON.parse(value) : value })
}
