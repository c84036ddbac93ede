import type { ColumnRef, JoinExpr, Node, RangeVar, SelectStmt } from '@pgsql/types'
import { bodyOf, eachNode, nameParts, rangeVarsOf } from '../plan/syntax.ts'
import type { Sight } from './rule.ts'
import { keyOf, type ModelTable, type SchemaModel } from './schema-model.ts'

/** Returns the views of the folder that read the column of the table that is altered. */
export function viewsReading(sight: Sight, column: string | undefined): ModelTable[] {
  const { schema, relation } = sight
  if (relation === undefined || column === undefined) {
    return []
  }
  const table = keyOf(schema.qualify(relation))
  const made = (migrationId: string | undefined) => sight.outline.order.indexOf(migrationId ?? '')
  const addedIn = made(schema.findTable(relation)?.columns.get(column)?.addedIn)
  return [...schema.tables.values()].filter(
    ({ query, createdIn }) => query !== undefined && made(createdIn) >= addedIn && reads(query, table, column, schema),
  )
}

/** Tells whether the query names the column, of that table or of none in particular. */
function reads(query: unknown, table: string, column: string, schema: SchemaModel): boolean {
  const named = rangeVarsOf(query)
  const own = named.filter((each) => keyOf(schema.qualify(each)) === table)
  const names = new Set(own.map(nameIn))
  let found = false
  eachNode(query, 'ColumnRef', ({ fields = [] }: ColumnRef) => {
    const last = fields.at(-1)
    const isStar = last !== undefined && 'A_Star' in last
    const qualifier = fields.length > 1 ? nameParts(fields).at(-2) : undefined
    const isNamed = isStar ? qualifier !== undefined : nameParts(fields.slice(-1))[0] === column
    found ||= own.length > 0 && isNamed && (qualifier === undefined || names.has(qualifier))
  })
  eachNode(query, 'SelectStmt', ({ targetList = [], fromClause = [] }: SelectStmt) => {
    // SELECT * is written out when the view is made, so it reads all columns of that moment.
    const all = targetList.some((target) => isBareStar(bodyOf<{ val?: Node }>(target, 'ResTarget')?.val))
    found ||= all && fromClause.flatMap(tablesIn).some((each) => keyOf(schema.qualify(each)) === table)
  })
  return found
}

function isBareStar(node: Node | undefined): boolean {
  const fields = bodyOf<ColumnRef>(node, 'ColumnRef')?.fields ?? []
  return fields.length === 1 && fields[0] !== undefined && 'A_Star' in fields[0]
}

/** Returns the tables that FROM names itself, and not in a query of its own. */
function tablesIn(node: Node): RangeVar[] {
  const join = bodyOf<JoinExpr>(node, 'JoinExpr')
  if (join !== undefined) {
    return [join.larg, join.rarg].flatMap((side) => (side === undefined ? [] : tablesIn(side)))
  }
  const table = bodyOf<RangeVar>(node, 'RangeVar')
  return table === undefined ? [] : [table]
}

/** The name by which the query's columns refer to the table. */
function nameIn({ alias, relname = '' }: RangeVar): string {
  return alias?.aliasname ?? relname
}
