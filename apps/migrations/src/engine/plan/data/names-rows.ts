import type { Node } from '@pgsql/types'
import { bodyOf, columnNamesOf } from '../syntax.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import type { KeyColumn } from './table-key.ts'

const namedRowsMax = 100

/**
 * Tells whether the statement's condition gives all columns of one of the keys constant values, so that it meets a
 * handful of rows however large the table is.
 */
export function namesItsRows({ node, kind, alias }: DataStatement, keys: KeyColumn[][]): boolean {
  const where = bodyOf<{ whereClause?: Node }>(node, kind)?.whereClause
  const conjunction = bodyOf<{ boolop?: string; args?: Node[] }>(where, 'BoolExpr')
  const conditions = conjunction?.boolop === 'AND_EXPR' ? (conjunction.args ?? []) : where === undefined ? [] : [where]
  let rows = 1
  const fixed = new Set<string>()
  for (const condition of conditions) {
    const found = fixedColumn(condition, alias)
    if (found !== undefined) {
      fixed.add(found.column)
      rows *= found.values
    }
  }
  return rows <= namedRowsMax && keys.some((key) => key.every((column) => fixed.has(column.name)))
}

/** Reads `column = constant` and `column IN (constants)`. */
function fixedColumn(condition: Node, alias: string): { column: string; values: number } | undefined {
  const comparison = bodyOf<{ kind?: string; name?: Node[]; lexpr?: Node; rexpr?: Node }>(condition, 'A_Expr')
  const operator = bodyOf<{ sval?: string }>(comparison?.name?.[0], 'String')?.sval
  const fields = bodyOf<{ fields?: Node[] }>(comparison?.lexpr, 'ColumnRef')?.fields ?? []
  const names = fields.map((field) => bodyOf<{ sval?: string }>(field, 'String')?.sval ?? '')
  const column = names.at(-1)
  if (column === undefined || operator !== '=' || (names.length > 1 && names.at(-2) !== alias)) {
    return undefined
  }
  const list = bodyOf<{ items?: Node[] }>(comparison?.rexpr, 'List')?.items
  const isList = comparison?.kind === 'AEXPR_IN' && list !== undefined
  if (!isList && comparison?.kind !== 'AEXPR_OP') {
    return undefined
  }
  return isConstant(comparison.rexpr) ? { column, values: isList ? list.length : 1 } : undefined
}

function isConstant(value: unknown): boolean {
  return columnNamesOf(value).size === 0 && !/"(SubLink|FuncCall)"/.test(JSON.stringify(value))
}
