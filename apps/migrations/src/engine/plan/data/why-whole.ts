/**
 * Says why a data statement cannot be carried out in ranges of its target's key with the same result. What is not
 * known to be the same stays one statement.
 */
import type { FuncCall, Node, UpdateStmt } from '@pgsql/types'
import type { Relation } from '../../inspect/catalog.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf, columnNamesOf, eachNode, nameParts } from '../syntax.ts'
import { type DataStatement, tablesOf } from './analyse-data-statement.ts'
import type { KeyColumn } from './table-key.ts'
import { activeTriggers, findRoutines, triggersFor } from './triggers.ts'

/** Returns the reason in words that follow «one statement: », or undefined where it can be split. */
export function whyWhole(
  statement: DataStatement,
  relation: Relation,
  key: KeyColumn[] | undefined,
  unit: PlanningUnit,
  context: PlanContext,
): string | undefined {
  if (statement.kind === 'InsertStmt') {
    return 'it only adds rows, which nobody waits for'
  }
  if (statement.kind === 'MergeStmt') {
    return 'MERGE both adds and changes rows'
  }
  if (key === undefined) {
    return 'the table has no key to go by'
  }
  return (
    whyTable(statement, relation, key, unit, context) ??
    whyNames(statement, relation, context) ??
    whyFunctions(statement.node, context) ??
    whyConstraints(statement, relation)
  )
}

function whyTable(
  statement: DataStatement,
  relation: Relation,
  key: KeyColumn[],
  unit: PlanningUnit,
  context: PlanContext,
): string | undefined {
  if (relation.rules.length > 0) {
    return 'a rule rewrites it'
  }
  if (key.some((column) => statement.assigned.includes(column.name))) {
    return 'it changes the key'
  }
  const event = statement.kind === 'UpdateStmt' ? 'update' : 'delete'
  const triggers = triggersFor(activeTriggers(relation, unit, context), [event])
  const once = triggers.find((trigger) => !trigger.forEachRow || trigger.hasTransitionTable || trigger.deferrable)
  return once === undefined ? undefined : `trigger ${once.name} sees the statement as a whole`
}

function whyNames(statement: DataStatement, relation: Relation, context: PlanContext): string | undefined {
  const { reads, writes } = tablesOf(statement.node)
  if (writes.length > 1) {
    return 'a WITH query in it changes rows'
  }
  for (const table of reads) {
    if (table.relname === relation.name || table.relname === statement.target.relname) {
      return 'it reads the table that it changes'
    }
    const name = context.resolve(table)
    const read = context.findRelation(name)
    if (read?.kind === 'view' && (read.definition ?? '').includes(relation.name)) {
      return `it reads the table that it changes, through the view ${name.name}`
    }
  }
  const isSystem = [...columnNamesOf(statement.node)].some((name) =>
    ['ctid', 'xmin', 'xmax', 'cmin', 'cmax'].includes(name),
  )
  return isSystem ? 'it asks where a row lies' : undefined
}

/** Change what they are asked for, or say something about the transaction or the moment. */
const unsafeFunctions =
  /^(pg_|lo_|txid_|query_to_|cursor_to_|table_to_|schema_to_|database_to_|dblink|(loread|lowrite|currval|lastval|setval|set_config|setseed|ts_rewrite|ts_stat|currtid2|current_query|timeofday|age)$)/

const safePgFunctions = new Set(['pg_typeof', 'pg_column_size', 'pg_size_pretty', 'pg_size_bytes'])

function whyFunctions(node: Node, context: PlanContext): string | undefined {
  let why: string | undefined
  eachNode<FuncCall>(node, 'FuncCall', (call) => {
    const name = nameParts(call.funcname)
    const last = name.at(-1) ?? ''
    const own = findRoutines(name, context)
    if (own.length > 0 ? !own.every((routine) => isImmutable(routine.definition)) : isUnsafe(last)) {
      why ??= `${last}() may not give the same in parts`
    }
  })
  eachNode<{ sval?: { sval?: string } }>(node, 'A_Const', ({ sval }) => {
    if (/^\s*(now|today|tomorrow|yesterday)\s*$/i.test(sval?.sval ?? '')) {
      why ??= `'${sval?.sval}' may stand for the moment`
    }
  })
  eachNode(node, 'SetToDefault', () => {
    why ??= 'a default may stand for the moment'
  })
  const isClockInCondition = /"clock_timestamp"/.test(
    JSON.stringify(bodyOf<UpdateStmt>(node, 'UpdateStmt')?.whereClause ?? null),
  )
  return why ?? (isClockInCondition ? 'its condition asks for the moment' : undefined)
}

function isUnsafe(name: string): boolean {
  return unsafeFunctions.test(name) && !safePgFunctions.has(name)
}

function isImmutable(definition: string): boolean {
  const head = definition.split(/\bAS\b/i)[0] ?? ''
  return /\bIMMUTABLE\b/.test(head)
}

function whyConstraints(statement: DataStatement, relation: Relation): string | undefined {
  if (statement.kind === 'DeleteStmt') {
    const own = relation.constraints.find(
      ({ references }) =>
        references?.schema === relation.schema &&
        references.table === relation.name &&
        !/cascade|set/i.test(references.onDelete),
    )
    return own === undefined ? undefined : `rows that it deletes may refer to one another (${own.name})`
  }
  for (const [column, reads] of assignments(statement.node)) {
    const unique = relation.indexes.filter((index) => index.unique && index.columns.includes(column))
    const late = relation.constraints.find(
      (one) =>
        (one.deferrable || one.kind === 'exclusion') && one.columns.includes(column) && one.kind !== 'foreignKey',
    )
    // Values that move within a unique column collide or not depending on the order of the rows.
    if (late !== undefined || unique.some((index) => index.columns.some((name) => name !== null && reads.has(name)))) {
      return `${column} is unique, and its values may move from row to row`
    }
  }
  return undefined
}

/** Returns each assigned column with the names of the columns that its value is computed from. */
function assignments(node: Node): [string, Set<string>][] {
  return (bodyOf<UpdateStmt>(node, 'UpdateStmt')?.targetList ?? []).map((item) => {
    const target = bodyOf<{ name?: string; val?: Node }>(item, 'ResTarget')
    return [target?.name ?? '', columnNamesOf(target?.val)]
  })
}
