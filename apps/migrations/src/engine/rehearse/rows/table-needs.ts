/** What the rows of one table have to satisfy: what the schema asks, and what the pending statements will ask. */
import type { AlterTableCmd, AlterTableStmt, Constraint, IndexStmt } from '@pgsql/types'
import type { Catalog, Column, Relation, Sequence } from '../../inspect/catalog.ts'
import { parseSql } from '../../parse/parser.ts'
import { bodyOf, columnNamesOf } from '../../plan/syntax.ts'
import { baseType, findType, printedNames } from '../../prove/find-type.ts'
import { partitionValues } from './partition-values.ts'
import { columnsOfIndex, expressionText, noHints, type TableHints } from './pending-hints.ts'

export interface ForeignKey {
  columns: string[]
  /** Key of the parent table, as in TableNeeds. */
  parent: string
  parentColumns: string[]
  /** One of its columns may be null, so that it refers to nothing. */
  nullable: boolean
  deferrable: boolean
}

export interface UniqueSet {
  columns: string[]
  nullsEqual: boolean
}

/** A condition on columns of the table, as SQL in which they go by their names. */
export interface RowCheck {
  columns: string[]
  expression: string
}

export interface TableNeeds {
  key: string
  relation: Relation
  /** Columns that are given values: all but the generated ones. */
  columns: Column[]
  isNotNull(column: string): boolean
  foreignKeys: ForeignKey[]
  unique: UniqueSet[]
  checks: RowCheck[]
  sequences: Map<string, Sequence>
  /** Values of the partition key that some partition takes, a row each; empty where any will do. */
  partitions: Record<string, string>[]
  hints: TableHints
}

export const tableKey = (name: { schema: string; name: string }): string => JSON.stringify([name.schema, name.name])

/** Returns what the table's rows have to satisfy. */
export function tableNeeds(catalog: Catalog, relation: Relation, hints: TableHints = noHints()): TableNeeds {
  const byName = new Map(relation.columns.map((column) => [column.name, column]))
  const notNull = new Set(
    relation.columns.filter((column) => isNotNullColumn(catalog, column)).map((column) => column.name),
  )
  for (const column of [...hints.notNull, ...primaryKeyOf(relation)]) {
    notNull.add(column)
  }
  const known = (columns: string[]): boolean => columns.every((column) => byName.has(column))
  const generated = new Set(relation.columns.filter((column) => column.generated !== null).map((column) => column.name))
  return {
    key: tableKey(relation),
    relation,
    columns: relation.columns.filter((column) => column.generated === null),
    isNotNull: (column) => notNull.has(column),
    foreignKeys: foreignKeysOf(catalog, relation, hints, notNull).filter((key) => known(key.columns)),
    unique: [...uniqueOf(relation), ...hints.unique.map((columns) => ({ columns, nullsEqual: false }))].filter((set) =>
      known(set.columns),
    ),
    checks: [...checksOf(relation), ...domainChecksOf(catalog, relation), ...hints.checks].filter(
      (check) => known(check.columns) && !check.columns.some((column) => generated.has(column)),
    ),
    sequences: sequencesOf(catalog, relation),
    partitions: partitionValues(catalog, relation),
    hints,
  }
}

function isNotNullColumn(catalog: Catalog, column: Column): boolean {
  const domain = findType(catalog, column.type)?.domain
  return column.notNull || domain?.notNull === true
}

function primaryKeyOf(relation: Relation): string[] {
  return relation.constraints.find((constraint) => constraint.kind === 'primaryKey')?.columns ?? []
}

function foreignKeysOf(catalog: Catalog, relation: Relation, hints: TableHints, notNull: Set<string>): ForeignKey[] {
  const nullable = (columns: string[]): boolean => columns.some((column) => !notNull.has(column))
  const existing = relation.constraints.flatMap((constraint): ForeignKey[] => {
    const { references } = constraint
    return references === null || !constraint.enforced
      ? []
      : [
          {
            columns: constraint.columns,
            parent: tableKey({ schema: references.schema, name: references.table }),
            parentColumns: references.columns,
            nullable: nullable(constraint.columns),
            deferrable: constraint.deferrable,
          },
        ]
  })
  const pending = hints.foreignKeys.flatMap(({ columns, references }): ForeignKey[] => {
    const parent = catalog.relations.find(
      (candidate) =>
        candidate.name === references.table &&
        candidate.schema === (references.schema ?? relation.schema) &&
        candidate.columns.length > 0,
    )
    const parentColumns =
      references.columns.length > 0 || parent === undefined ? references.columns : primaryKeyOf(parent)
    const isKnown = parentColumns.every((name) => parent?.columns.some((column) => column.name === name))
    if (parent === undefined || !isKnown || parentColumns.length !== columns.length) {
      return []
    }
    return [{ columns, parent: tableKey(parent), parentColumns, nullable: nullable(columns), deferrable: false }]
  })
  return [...existing, ...pending]
}

function uniqueOf(relation: Relation): UniqueSet[] {
  return relation.indexes
    .filter((index) => index.unique)
    .map((index) => {
      const columns = index.columns.filter((column) => column !== null)
      const parsed = columns.length === index.columns.length ? undefined : parseSql(index.definition)[0]?.node
      const statement = bodyOf<IndexStmt>(parsed, 'IndexStmt')
      return {
        columns: statement === undefined ? columns : [...columnsOfIndex(statement)],
        nullsEqual: index.nullsNotDistinct,
      }
    })
    .filter((set) => set.columns.length > 0)
}

function checksOf(relation: Relation): RowCheck[] {
  return relation.constraints.flatMap((constraint) => {
    if (constraint.kind !== 'check' || !constraint.enforced) {
      return []
    }
    const expression = checkExpression(constraint.definition)
    return expression === undefined
      ? []
      : [{ columns: [...columnNamesOf(expression.node)], expression: expression.text }]
  })
}

interface Expression {
  node: unknown
  text: string
}

// The same definitions come again with each migration of a history.
const expressions = new Map<string, Expression | undefined>()
const expressionsMax = 5000

/** Takes the expression out of `CHECK (…) NOT VALID`. */
function checkExpression(definition: string): Expression | undefined {
  if (!expressions.has(definition)) {
    if (expressions.size >= expressionsMax) {
      expressions.clear()
    }
    expressions.set(definition, parseCheck(definition))
  }
  return expressions.get(definition)
}

function parseCheck(definition: string): Expression | undefined {
  const alter = bodyOf<AlterTableStmt>(parseSql(`ALTER TABLE t ADD ${definition}`)[0]?.node, 'AlterTableStmt')
  const command = bodyOf<AlterTableCmd>(alter?.cmds?.[0], 'AlterTableCmd')
  const node = bodyOf<Constraint>(command?.def, 'Constraint')?.raw_expr
  const text = node === undefined ? undefined : expressionText(node)
  return text === undefined ? undefined : { node, text }
}

/** A domain's conditions on its value, as conditions on the column. */
function domainChecksOf(catalog: Catalog, relation: Relation): RowCheck[] {
  return relation.columns.flatMap((column) => {
    const checks: RowCheck[] = []
    let type = column.type
    for (let depth = 0; depth < 32 && baseType(catalog, type) !== type; depth += 1) {
      const domain = findType(catalog, type)?.domain
      for (const constraint of domain?.constraints ?? []) {
        const expression = checkExpression(constraint.definition)
        const text = expression === undefined ? undefined : expressionText(renameValue(expression.node, column.name))
        if (text !== undefined) {
          checks.push({ columns: [column.name], expression: text })
        }
      }
      type = domain?.baseType ?? type
    }
    return checks
  })
}

/** In the tree of a domain's condition, VALUE is a column of that name. */
function renameValue(node: unknown, column: string): never {
  return JSON.parse(JSON.stringify(node), (key, value: unknown) => {
    const reference = key === 'ColumnRef' ? (value as { fields?: { String?: { sval?: string } }[] }) : undefined
    const isValue = reference?.fields?.length === 1 && reference.fields[0]?.String?.sval?.toLowerCase() === 'value'
    return isValue ? { ...reference, fields: [{ String: { sval: column } }] } : value
  }) as never
}

function sequencesOf(catalog: Catalog, relation: Relation): Map<string, Sequence> {
  const { byDefault, byIdentity } = feedingSequences(catalog)
  const found = new Map<string, Sequence>()
  for (const column of relation.columns) {
    const key = JSON.stringify([relation.schema, relation.name, column.name])
    const sequence = column.identity !== null ? byIdentity.get(key) : byDefault.get(column.default ?? '')
    if (sequence !== undefined) {
      found.set(column.name, sequence)
    }
  }
  return found
}

interface FeedingSequences {
  byDefault: Map<string, Sequence>
  byIdentity: Map<string, Sequence>
}

const sequencesByCatalog = new WeakMap<Catalog, FeedingSequences>()

function feedingSequences(catalog: Catalog): FeedingSequences {
  const known = sequencesByCatalog.get(catalog)
  if (known !== undefined) {
    return known
  }
  const found: FeedingSequences = { byDefault: new Map(), byIdentity: new Map() }
  for (const sequence of catalog.sequences) {
    const { ownedBy } = sequence
    if (ownedBy?.by === 'internal') {
      found.byIdentity.set(JSON.stringify([ownedBy.schema, ownedBy.table, ownedBy.column]), sequence)
    }
    for (const name of printedNames(sequence)) {
      found.byDefault.set(`nextval('${name.replaceAll("'", "''")}'::regclass)`, sequence)
    }
  }
  sequencesByCatalog.set(catalog, found)
  return found
}
