/** Read-only looks for rows that a constraint would fail on, before the step that would fail. */
import { quoteIdentifier, quoteQualified } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import { deparse } from '../../parse/deparse.ts'
import { parseSql } from '../../parse/parser.ts'
import type { CreatedConstraint, CreatedIndex, RelationName } from '../../rehearse/observation.ts'
import { nothing } from '../actions.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf, nameParts } from '../syntax.ts'
import { mustFollow, namesOf } from '../unit-conflicts.ts'

/** A check of rows that violate a rule; `where` is over the table under the alias `t`. */
function checkRows(
  unit: PlanningUnit,
  context: PlanContext,
  check: { table: RelationName; where: string; shown: string; sqlstate: string; message: string; columns: string[] },
): Draft[] {
  const from = `FROM ${quoteQualified(check.table.schema, check.table.name)} AS t WHERE ${check.where}`
  return [checkDraft(unit, context, check, `SELECT ${check.shown} ${from} LIMIT 3`, `SELECT count(*) ${from}`)]
}

function checkDraft(
  unit: PlanningUnit,
  context: PlanContext,
  check: { table: RelationName; sqlstate: string; message: string; columns: string[] },
  examples: string,
  count: string,
): Draft {
  const atPlan = isKnownNow(unit, context, check.table, check.columns)
  return {
    phase: unit.phase,
    mechanism: 'validated',
    reason: 'rows that would violate the rule are looked for before it is made',
    do: { kind: 'check', examples, count, sqlstate: check.sqlstate, message: check.message, atPlan },
    undo: nothing,
    place: atPlan ? 'check' : 'inOrder',
    table: check.table,
    cost: 'scan',
  }
}

/** Tells whether the rows can be asked now: the columns exist and nothing that the plan does before changes them. */
function isKnownNow(unit: PlanningUnit, context: PlanContext, table: RelationName, columns: string[]): boolean {
  const relation = context.catalog.relations.find((one) => one.schema === table.schema && one.name === table.name)
  if (relation === undefined || columns.some((column) => !relation.columns.some((one) => one.name === column))) {
    return false
  }
  const names = namesOf(unit.unit.node)
  return !context.units.some(
    (earlier) => earlier.order < unit.order && mustFollow(names, namesOf(earlier.unit.node), earlier.phase),
  )
}

/** Rows that a unique index would refuse. */
export function duplicatesCheck(unit: PlanningUnit, index: CreatedIndex, context: PlanContext): Draft[] {
  const statement = bodyOf<{
    indexParams?: Node[]
    whereClause?: Node
    nulls_not_distinct?: boolean
  }>(parseSql(index.definition)[0]?.node, 'IndexStmt')
  const keys = (statement?.indexParams ?? []).map((param) => {
    const element = bodyOf<{ name?: string; expr?: Node }>(param, 'IndexElem')
    return element?.name !== undefined ? quoteIdentifier(element.name) : `(${expression(element?.expr as Node)})`
  })
  const columns = (statement?.indexParams ?? []).flatMap(
    (param) => bodyOf<{ name?: string }>(param, 'IndexElem')?.name ?? [],
  )
  const conditions = statement?.nulls_not_distinct === true ? [] : keys.map((key) => `${key} IS NOT NULL`)
  if (statement?.whereClause !== undefined) {
    conditions.push(`(${expression(statement.whereClause)})`)
  }
  const table = { schema: index.schema, name: index.table }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const groups = `FROM ${quoteQualified(table.schema, table.name)}${where} GROUP BY ${keys.join(', ')} HAVING count(*) > 1`
  const check = {
    table,
    columns,
    sqlstate: '23505',
    message: `rows of ${table.name} hold the same value of ${keys.join(', ')}, which ${index.name} would refuse`,
  }
  return [
    checkDraft(
      unit,
      context,
      check,
      `SELECT ROW(${keys.join(', ')})::text ${groups} LIMIT 3`,
      `SELECT count(*) FROM (SELECT ${groups}) AS g`,
    ),
  ]
}

/** Rows whose foreign key leads nowhere. */
export function orphansCheck(unit: PlanningUnit, constraint: CreatedConstraint, context: PlanContext): Draft[] {
  const key = foreignKeyOf(constraint)
  if (key === undefined) {
    return []
  }
  const pairs = key.columns.map(
    (column, position) => `p.${quoteIdentifier(key.parentColumns[position] as string)} = t.${quoteIdentifier(column)}`,
  )
  const present = key.columns.map((column) => `t.${quoteIdentifier(column)} IS NOT NULL`)
  const table = { schema: constraint.schema, name: constraint.table }
  return checkRows(unit, context, {
    table,
    columns: key.columns,
    where: `${present.join(' AND ')} AND NOT EXISTS (SELECT FROM ${quoteQualified(key.parent.schema, key.parent.name)} AS p WHERE ${pairs.join(' AND ')})`,
    shown: `ROW(${key.columns.map((column) => `t.${quoteIdentifier(column)}`).join(', ')})::text`,
    sqlstate: '23503',
    message: `rows of ${table.name} have a ${key.columns.join(', ')} that ${key.parent.name} does not hold, which ${constraint.name} would refuse`,
  })
}

/** The columns and the parent of a foreign key, read off its definition. */
export function foreignKeyOf(
  constraint: CreatedConstraint,
): { columns: string[]; parent: RelationName; parentColumns: string[] } | undefined {
  const parsed = constraintNode(constraint)
  const parent = parsed?.pktable as { schemaname?: string; relname?: string } | undefined
  if (parsed === undefined || parent?.relname === undefined) {
    return undefined
  }
  return {
    columns: nameParts(parsed.fk_attrs),
    parent: { schema: parent.schemaname ?? 'public', name: parent.relname },
    parentColumns: nameParts(parsed.pk_attrs),
  }
}

interface ConstraintNode {
  pktable?: unknown
  fk_attrs?: Node[]
  pk_attrs?: Node[]
  raw_expr?: Node
}

/** Returns the parsed definition of a constraint. */
export function constraintNode(constraint: CreatedConstraint): ConstraintNode | undefined {
  const alter = parseSql(`ALTER TABLE t ADD CONSTRAINT c ${constraint.definition}`)[0]?.node
  const command = bodyOf<{ cmds?: Node[] }>(alter, 'AlterTableStmt')?.cmds?.[0]
  return bodyOf<ConstraintNode>(bodyOf<{ def?: Node }>(command, 'AlterTableCmd')?.def, 'Constraint')
}

/** Rows for which a CHECK is false. */
export function falseRowsCheck(unit: PlanningUnit, constraint: CreatedConstraint, context: PlanContext): Draft[] {
  const node = constraintNode(constraint)
  if (node?.raw_expr === undefined) {
    return []
  }
  const table = { schema: constraint.schema, name: constraint.table }
  return checkRows(unit, context, {
    table,
    columns: columnsIn(node.raw_expr, table, context),
    where: `NOT (${expression(node.raw_expr)})`,
    shown: 't::text',
    sqlstate: '23514',
    message: `rows of ${table.name} violate ${constraint.definition}`,
  })
}

/** Rows that hold NULL in the column. */
export function nullsCheck(unit: PlanningUnit, table: RelationName, column: string, context: PlanContext): Draft[] {
  return checkRows(unit, context, {
    table,
    columns: [column],
    where: `t.${quoteIdentifier(column)} IS NULL`,
    shown: 't::text',
    sqlstate: '23502',
    message: `rows of ${table.name} hold NULL in ${column}`,
  })
}

function columnsIn(node: Node, table: RelationName, context: PlanContext): string[] {
  const known =
    context.after.relations.find((one) => one.schema === table.schema && one.name === table.name)?.columns ?? []
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk)
    } else if (typeof value === 'object' && value !== null) {
      const reference = (value as { ColumnRef?: { fields?: Node[] } }).ColumnRef
      if (reference !== undefined) {
        found.push(nameParts(reference.fields).at(-1) ?? '')
      }
      Object.values(value).forEach(walk)
    }
  }
  walk(node)
  return found.filter((name) => known.some((column) => column.name === name))
}

function expression(node: Node): string {
  const select = {
    SelectStmt: { targetList: [{ ResTarget: { val: node } }], limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' },
  }
  return deparse(select as unknown as Node).replace(/^SELECT\s+/, '')
}
