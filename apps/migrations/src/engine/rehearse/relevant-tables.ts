/**
 * Chooses the tables that need rows on a shadow: those that the statements can reach. Rows elsewhere would prove nothing
 * and take their time to be made.
 */
import type { Catalog, Relation } from '../inspect/catalog.ts'
import type { Statement } from '../parse/statement.ts'
import { isDataStatement, isOpaque } from '../plan/statement-kinds.ts'
import { wordsOf } from '../plan/syntax.ts'
import type { RelationName } from './observation.ts'

/** Returns those of the candidates that the statements can read, change or check. */
export function relevantTables(catalog: Catalog, statements: Statement[], candidates: RelationName[]): RelationName[] {
  const words = new Set(statements.flatMap(({ node }) => [...wordsOf(node)]))
  const reached = new Set(catalog.relations.filter((relation) => isNamed(relation, words)))
  reachViews(catalog, reached)
  const changesRows = statements.some(({ node }) => isDataStatement(node))
  const runsCode = changesRows && [...reached].some(({ triggers, rules }) => triggers.length + rules.length > 0)
  if (runsCode || statements.some(({ node }) => isOpaque(node))) {
    // Code may reach any table.
    return candidates
  }
  let before: number
  do {
    before = reached.size
    for (const relation of catalog.relations) {
      if (!reached.has(relation) && isNeighbour(relation, reached, changesRows)) {
        reached.add(relation)
      }
    }
  } while (reached.size > before)
  const keys = new Set([...reached].map(keyOf))
  return candidates.filter((name) => keys.has(keyOf(name)))
}

function isNamed(relation: Relation, words: Set<string>): boolean {
  return (
    words.has(relation.name) ||
    relation.indexes.some((index) => words.has(index.name)) ||
    relation.columns.some((column) =>
      [...words].some((word) => word.length > 3 && column.type.includes(word) && isUserType(column.type)),
    )
  )
}

/** A type of the user's is printed with its schema. */
function isUserType(type: string): boolean {
  return type.includes('.')
}

function reachViews(catalog: Catalog, reached: Set<Relation>): void {
  const views = [...reached].filter(({ definition }) => definition !== null)
  for (const relation of catalog.relations) {
    if (views.some(({ definition }) => definition?.includes(relation.name))) {
      reached.add(relation)
    }
  }
}

/** A row needs the rows it refers to; a changed row may take those along that refer to it. */
function isNeighbour(relation: Relation, reached: Set<Relation>, changesRows: boolean): boolean {
  for (const other of reached) {
    if (refersTo(other, relation) || (changesRows && refersTo(relation, other)) || isKin(relation, other)) {
      return true
    }
  }
  return false
}

function refersTo(child: Relation, parent: Relation): boolean {
  return child.constraints.some(
    ({ references }) => references !== null && references.schema === parent.schema && references.table === parent.name,
  )
}

/** Partitions and heirs hold their parents' rows. */
function isKin(one: Relation, other: Relation): boolean {
  const parents = (relation: Relation): string[] => [
    ...relation.inherits,
    ...(relation.partition === null ? [] : [relation.partition.of]),
  ]
  const names = (relation: Relation, list: string[]): boolean =>
    list.some((name) => name.replaceAll('"', '').endsWith(relation.name))
  return names(other, parents(one)) || names(one, parents(other))
}

function keyOf(name: RelationName): string {
  return `${name.schema}\0${name.name}`
}
