/** Gives tables and columns of a parse tree the names that they have when the statement runs. */
import type { Node, RangeVar } from '@pgsql/types'
import type { RelationName } from '../../rehearse/observation.ts'
import type { PlanContext } from '../draft.ts'
import { bodyOf, kindOf, nameParts } from '../syntax.ts'
import type { NamesThen } from './names-then.ts'

/** A table of the statement under the name by which its columns may be qualified. */
interface Named {
  qualifier: string
  relation: RelationName
}

interface Course {
  then: NamesThen
  /** The table that the statement is about, if it is about one. */
  target: RelationName | undefined
  tables: Named[]
  isChanged: boolean
}

/** Renames in place; tells whether anything was renamed. */
export function renameInTree(root: Node, then: NamesThen, context: PlanContext): boolean {
  const course: Course = { then, target: undefined, tables: [], isChanged: false }
  eachTable(root, (table) => {
    const relation = context.resolve(table)
    course.tables.push({ qualifier: table.alias?.aliasname ?? table.relname ?? '', relation })
  })
  const own = bodyOf<{ relation?: RangeVar; table?: RangeVar }>(root, kindOf(root))
  const target = own?.relation ?? own?.table
  course.target = target === undefined ? undefined : context.resolve(target)
  renameColumns(root, course, context)
  renameTableOfPart(root, course, context)
  eachTable(root, (table) => renameTable(table, isQuery(root), course, context))
  return course.isChanged
}

function isQuery(root: Node): boolean {
  return ['SelectStmt', 'UpdateStmt', 'DeleteStmt', 'InsertStmt', 'MergeStmt'].includes(kindOf(root))
}

const tableKeys = new Set(['RangeVar', 'relation', 'pktable', 'table'])

function eachTable(value: unknown, found: (table: RangeVar) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      eachTable(item, found)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      if (tableKeys.has(key) && typeof (field as RangeVar | null)?.relname === 'string') {
        found(field as RangeVar)
      }
      eachTable(field, found)
    }
  }
}

function renameTable(table: RangeVar, isQueried: boolean, course: Course, context: PlanContext): void {
  const name = context.resolve(table)
  const then = course.then.relation(name)
  if (then.schema === name.schema && then.name === name.name) {
    return
  }
  if (isQueried && table.alias === undefined) {
    // Columns may be qualified by the name that the table has had.
    table.alias = { aliasname: table.relname ?? '' }
  }
  table.relname = then.name
  table.schemaname = then.schema
  course.isChanged = true
}

/** DROP TRIGGER, DROP POLICY and DROP RULE give their table as the head of a list. */
function renameTableOfPart(root: Node, course: Course, context: PlanContext): void {
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(root, 'DropStmt')
  if (!/^OBJECT_(TRIGGER|POLICY|RULE)$/.test(drop?.removeType ?? '')) {
    return
  }
  for (const list of (drop?.objects ?? []).flatMap((object) => bodyOf<{ items?: Node[] }>(object, 'List') ?? [])) {
    const parts = nameParts(list.items)
    const name = context.resolve({ schemaname: parts.length > 2 ? parts.at(-3) : undefined, relname: parts.at(-2) })
    const then = course.then.relation(name)
    if (then.schema !== name.schema || then.name !== name.name) {
      list.items = [then.schema, then.name, parts.at(-1) ?? ''].map((sval): Node => ({ String: { sval } }))
      course.isChanged = true
    }
  }
}

interface StringNode {
  String?: { sval?: string }
}

function renameColumns(value: unknown, course: Course, context: PlanContext): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      renameColumns(item, course, context)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      renameByKey(key, field, course, context)
      renameColumns(field, course, context)
    }
  }
}

function renameByKey(key: string, field: unknown, course: Course, context: PlanContext): void {
  const { target } = course
  switch (key) {
    case 'ColumnRef':
      renameReference((field as { fields?: StringNode[] }).fields ?? [], course)
      break
    case 'IndexElem':
      renameField(field as Record<string, string>, 'name', target, course)
      break
    case 'AlterTableCmd': {
      const command = field as Record<string, string>
      if (command['subtype']?.endsWith('Constraint') === false) {
        renameField(command, 'name', target, course)
      }
      break
    }
    case 'Constraint': {
      const constraint = field as Record<string, StringNode[] | undefined> & { pktable?: RangeVar }
      const parent = constraint.pktable === undefined ? undefined : context.resolve(constraint.pktable)
      for (const list of ['keys', 'fk_attrs', 'fk_del_set_cols', 'including']) {
        renameStrings(constraint[list], target, course)
      }
      renameStrings(constraint['pk_attrs'], parent, course)
      break
    }
    case 'UpdateStmt':
    case 'InsertStmt': {
      const statement = field as { targetList?: Node[]; cols?: Node[] }
      for (const item of [...(statement.targetList ?? []), ...(statement.cols ?? [])]) {
        renameField(bodyOf<Record<string, string>>(item, 'ResTarget') ?? {}, 'name', target, course)
      }
      break
    }
    case 'CreateTrigStmt':
      renameStrings((field as { columns?: StringNode[] }).columns, target, course)
      break
  }
}

function renameField(body: Record<string, string>, key: string, relation: RelationName | undefined, course: Course) {
  const column = body[key]
  const then = column === undefined || relation === undefined ? column : course.then.column(relation, column)
  if (then !== undefined && then !== column) {
    body[key] = then
    course.isChanged = true
  }
}

function renameStrings(nodes: StringNode[] | undefined, relation: RelationName | undefined, course: Course): void {
  for (const { String: text } of nodes ?? []) {
    if (text !== undefined) {
      renameField(text as Record<string, string>, 'sval', relation, course)
    }
  }
}

/** A column that is not qualified is looked for in each table of the statement. */
function renameReference(fields: StringNode[], course: Course): void {
  const last = fields.at(-1)?.String
  if (last?.sval === undefined) {
    return
  }
  const qualifier = fields.at(-2)?.String?.sval
  const named = course.tables.filter((table) => qualifier === undefined || table.qualifier === qualifier)
  const relations =
    (qualifier === 'new' || qualifier === 'old') && course.target !== undefined
      ? [course.target]
      : named.map((table) => table.relation)
  const relation = relations.find((one) => course.then.column(one, last.sval ?? '') !== last.sval)
  renameField(last as Record<string, string>, 'sval', relation, course)
}
