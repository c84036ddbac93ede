/** Which statements of a migration change or read rows. */
import type { Node, RangeVar } from '@pgsql/types'
import { isDataStatement, isOpaque } from '../plan/statement-kinds.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'
import type { Sight } from './rule.ts'

/** Returns the table whose rows the statement changes. */
export function changedTable(node: Node): RangeVar | undefined {
  return isDataStatement(node) ? bodyOf<{ relation?: RangeVar }>(node, kindOf(node))?.relation : undefined
}

/** Tells whether another statement of the migration may give the table's rows other values. */
export function changesRowsOf(relation: RangeVar | undefined, { outline }: Sight): boolean {
  return outline.units.some(
    ({ node, statement }) =>
      isOpaque(node) || statement.directives.up !== undefined || changedTable(node)?.relname === relation?.relname,
  )
}
