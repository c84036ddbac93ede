import type { Catalog, Constraint, Index, Relation, UserType } from './catalog.ts'
import type { ColumnRow } from './families/columns.ts'
import type { ConstraintRow } from './families/constraints.ts'
import type { DependencyRow } from './families/dependencies.ts'
import type { IndexRow } from './families/indexes.ts'
import { type OtherRow, toOther } from './families/others.ts'
import type { PublicationRow } from './families/publications.ts'
import type { RelationRow } from './families/relations.ts'
import type { RoutineRow } from './families/routines.ts'
import type { ExtensionRow, SchemaRow } from './families/schemas.ts'
import type { SequenceRow } from './families/sequences.ts'
import type { PolicyRow, RuleRow, StatisticsRow, TriggerRow } from './families/table-parts.ts'
import type { DomainConstraintRow, TypeRow } from './families/types.ts'
import { resolveDependencies } from './resolve-dependencies.ts'

/** What the queries of inspect/families give, one list a family. */
export interface FamilyRows {
  schemas: SchemaRow[]
  extensions: ExtensionRow[]
  types: TypeRow[]
  domainConstraints: DomainConstraintRow[]
  sequences: SequenceRow[]
  relations: RelationRow[]
  columns: ColumnRow[]
  constraints: ConstraintRow[]
  indexes: IndexRow[]
  triggers: TriggerRow[]
  policies: PolicyRow[]
  rules: RuleRow[]
  statistics: StatisticsRow[]
  routines: RoutineRow[]
  publications: PublicationRow[]
  others: OtherRow[]
  dependencies: DependencyRow[]
}

type Session = Pick<Catalog, 'serverVersionNum' | 'currentUser' | 'settings'>

/** Puts the rows of all families together to one catalog. */
export function assembleCatalog(session: Session, rows: FamilyRows): Catalog {
  return {
    ...session,
    schemas: rows.schemas.map(({ oid: _, ...schema }) => ({ ...schema, acl: sorted(schema.acl) })),
    extensions: rows.extensions.map(({ oid: _, ...extension }) => extension),
    types: toTypes(rows),
    sequences: rows.sequences.map(({ oid: _, ...sequence }) => ({ ...sequence, acl: sorted(sequence.acl) })),
    relations: toRelations(rows),
    functions: rows.routines.map(({ oid: _, ...routine }) => ({ ...routine, acl: sorted(routine.acl) })),
    publications: rows.publications.map(({ oid: _, ...publication }) => publication),
    others: rows.others.map((row) => toOther(row, session.serverVersionNum)),
    dependencies: resolveDependencies(rows),
  }
}

function sorted(texts: string[] | null): string[] {
  return [...(texts ?? [])].sort()
}

function toTypes(rows: FamilyRows): UserType[] {
  const constraints = groupBy(rows.domainConstraints, (row) => row.type)
  return rows.types.map((row) => {
    const type: UserType = {
      schema: row.schema,
      name: row.name,
      kind: row.kind,
      owner: row.owner,
      acl: sorted(row.acl),
      comment: row.comment,
    }
    if (row.kind === 'enum' && row.labels) {
      type.labels = row.labels
    }
    if (row.kind === 'domain' && row.domain) {
      type.domain = {
        ...row.domain,
        constraints: (constraints.get(row.oid) ?? []).map(({ oid: _, type: __, ...constraint }) => constraint),
      }
    }
    if (row.kind === 'composite' && row.attributes) {
      type.attributes = row.attributes
    }
    if (row.kind === 'range' && row.range) {
      type.range = row.range
    }
    return type
  })
}

function toRelations(rows: FamilyRows): Relation[] {
  const columns = groupBy(rows.columns, (row) => row.relation)
  const nameOf = createColumnNameOf(columns)
  const constraints = groupBy(rows.constraints, (row) => row.relation)
  const indexes = groupBy(rows.indexes, (row) => row.relation)
  const triggers = groupBy(rows.triggers, (row) => row.relation)
  const policies = groupBy(rows.policies, (row) => row.relation)
  const rules = groupBy(rows.rules, (row) => row.relation)
  const statistics = groupBy(rows.statistics, (row) => row.relation)
  return rows.relations.map(({ rowType: _, rowTypeArray: __, ...row }) => ({
    ...row,
    acl: sorted(row.acl),
    options: sorted(row.options),
    toastOptions: sorted(row.toastOptions),
    definition: row.definition === null ? null : withoutSemicolon(row.definition),
    columns: (columns.get(row.oid) ?? []).map(toColumn),
    constraints: (constraints.get(row.oid) ?? []).map((constraint) => toConstraint(constraint, nameOf)),
    indexes: (indexes.get(row.oid) ?? []).map((index) => toIndex(index, nameOf)),
    triggers: (triggers.get(row.oid) ?? []).map(withoutOids),
    policies: (policies.get(row.oid) ?? []).map(withoutOids),
    rules: (rules.get(row.oid) ?? []).filter((rule) => rule.name !== '_RETURN').map(withoutOids),
    statistics: (statistics.get(row.oid) ?? []).map(withoutOids),
  }))
}

function toColumn({ relation: _, number: __, defaultOid: ___, ...column }: ColumnRow): Relation['columns'][number] {
  return {
    ...column,
    options: sorted(column.options),
    foreignOptions: column.foreignOptions ?? [],
    acl: sorted(column.acl),
  }
}

/** Returns the name of a relation's column by its number. */
type ColumnNameOf = (relation: number, number: number) => string

function createColumnNameOf(columns: Map<number, ColumnRow[]>): ColumnNameOf {
  const names = new Map<string, string>()
  for (const [relation, rows] of columns) {
    for (const { number, name } of rows) {
      names.set(`${relation} ${number}`, name)
    }
  }
  // A foreign key may reference a table that is an extension's.
  return (relation, number) => names.get(`${relation} ${number}`) ?? `column ${number}`
}

function toConstraint(row: ConstraintRow, nameOf: ColumnNameOf): Constraint {
  const { oid: _, relation, columns, references, ...constraint } = row
  return {
    ...constraint,
    columns: (columns ?? []).map((number) => nameOf(relation, number)),
    references: references === null ? null : toReferences(references, nameOf),
  }
}

function toReferences(row: NonNullable<ConstraintRow['references']>, nameOf: ColumnNameOf): Constraint['references'] {
  const { relation, columns, ...references } = row
  return { ...references, columns: columns.map((number) => nameOf(relation, number)) }
}

function toIndex(row: IndexRow, nameOf: ColumnNameOf): Index {
  const { oid: _, relation, head, columns, include, ...index } = row
  if (!index.definition.startsWith(head)) {
    throw new Error(`the definition of index ${index.name} does not start as expected: ${index.definition}`)
  }
  return {
    ...index,
    columns: columns.map((number) => (number === 0 ? null : nameOf(relation, number))),
    include: include.map((number) => nameOf(relation, number)),
    options: sorted(index.options),
    body: index.definition.slice(head.length),
  }
}

function withoutOids<T extends { oid: number; relation: number }>({
  oid: _,
  relation: __,
  ...part
}: T): Omit<T, 'oid' | 'relation'> {
  return part
}

/** pg_get_viewdef ends its query with a semicolon. */
function withoutSemicolon(query: string): string {
  return query.endsWith(';') ? query.slice(0, -1) : query
}

function groupBy<T>(rows: T[], key: (row: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group === undefined) {
      groups.set(key(row), [row])
    } else {
      group.push(row)
    }
  }
  return groups
}
