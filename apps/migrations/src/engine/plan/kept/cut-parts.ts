/** Parts of a table that use objects of the user's, and so cannot stay with it in schema freehold. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Catalog, Publication, Relation } from '../../inspect/catalog.ts'
import { type ObjectKey, partKey, sequenceKey } from '../../inspect/object-keys.ts'
import { revertDifference } from '../../inspect/revert-catalog.ts'
import { alterTable, sqlName } from '../actions.ts'
import { isSameName } from '../bridges/trace-names.ts'
import type { PlanContext } from '../draft.ts'
import type { Dependant } from './dependants.ts'
import { isOwnedBy, isRenamed, type LeavingTable } from './dropped-table.ts'

/** What is cut off one table, by name. */
export interface TableParts {
  table: LeavingTable
  triggers: string[]
  policies: string[]
  rules: string[]
  defaults: string[]
  checks: string[]
  publications: Publication[]
}

/** Returns what is cut off the table. */
export function partsOf(table: LeavingTable, context: PlanContext): TableParts {
  const { live } = table
  const own = new Set<ObjectKey>(
    context.catalog.sequences.filter((sequence) => isOwnedBy(sequence, live)).map((sequence) => sequenceKey(sequence)),
  )
  const usesUsers = (key: ObjectKey): boolean =>
    context.catalog.dependencies.some(
      ({ object, on }) => object === key && !own.has(on) && /^(function|procedure|aggregate|sequence) /.test(on),
    )
  return {
    table,
    triggers: live.triggers.filter(({ inherited }) => !inherited).map(({ name }) => name),
    policies: live.policies.map(({ name }) => name),
    rules: live.rules.map(({ name }) => name),
    defaults: live.columns
      .filter((column) => column.default !== null && column.generated === null)
      .map(({ name }) => name)
      .filter((name) => usesUsers(partKey('default', live, name))),
    checks: live.constraints
      .filter(({ kind, inheritedCount }) => kind === 'check' && inheritedCount === 0)
      .map(({ name }) => name)
      .filter((name) => usesUsers(partKey('constraint', live, name))),
    // Only its owner changes a publication; a plain DROP TABLE needs no such right.
    publications: context.catalog.publications.filter(
      ({ owner, tables }) => owner === context.catalog.currentUser && tables.some((member) => isSameName(member, live)),
    ),
  }
}

/** Returns the statements that cut the parts off. */
export function cutParts({ table, ...parts }: TableParts): string[] {
  const name = sqlName(table.name)
  const column = (text: string): string => `ALTER COLUMN ${quoteIdentifier(text)} DROP DEFAULT`
  return [
    ...parts.publications.map(
      (publication) => `ALTER PUBLICATION ${quoteIdentifier(publication.name)} DROP TABLE ${name}`,
    ),
    ...parts.triggers.map((trigger) => `DROP TRIGGER ${quoteIdentifier(trigger)} ON ${name}`),
    ...parts.policies.map((policy) => `DROP POLICY ${quoteIdentifier(policy)} ON ${name}`),
    ...parts.rules.map((rule) => `DROP RULE ${quoteIdentifier(rule)} ON ${name}`),
    ...parts.defaults.map((text) => alterTable(table.name, column(text))),
    ...parts.checks.map((check) => alterTable(table.name, `DROP CONSTRAINT ${quoteIdentifier(check)}`)),
  ]
}

/**
 * Returns the statements that bring back what was cut off and the dependants that were dropped; undefined where the
 * catalog cannot say them, because the tables had other names in it or something cannot be written as DDL.
 */
export function restoreParts(
  leaving: LeavingTable[],
  parts: TableParts[],
  dependants: Dependant[],
  context: PlanContext,
): string[] | undefined {
  if (leaving.some(isRenamed)) {
    return undefined
  }
  const full = context.catalog
  const { sql, cannot } = revertDifference(full, withoutParts(full, parts, dependants))
  return cannot.length > 0 ? undefined : [...sql, ...parts.flatMap(addToPublications)]
}

function addToPublications({ table, publications }: TableParts): string[] {
  return publications.flatMap(({ name, tables }) =>
    tables
      .filter((member) => isSameName(member, table.live))
      .map(({ columns, where }) => {
        const list = columns === null ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`
        const filter = where === null ? '' : ` WHERE (${where})`
        return `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${sqlName(table.live)}${list}${filter}`
      }),
  )
}

/** The catalog as if the parts and dependants were not there, so that the difference is what brings them back. */
function withoutParts(catalog: Catalog, parts: TableParts[], dependants: Dependant[]): Catalog {
  const gone = new Set(dependants.map(({ key }) => key))
  const relations = catalog.relations
    .filter((relation) => !dependants.some((dependant) => dependant.relation === relation))
    .map((relation) => {
      const cut = parts.find(({ table }) => table.live === relation)
      return cut === undefined ? withoutDependants(relation, gone) : withoutOwnParts(relation, cut)
    })
  return {
    ...catalog,
    relations,
    functions: catalog.functions.filter((routine) => !dependants.some((one) => one.routine === routine)),
  }
}

function withoutOwnParts(relation: Relation, cut: TableParts): Relation {
  return {
    ...relation,
    triggers: relation.triggers.filter(({ name }) => !cut.triggers.includes(name)),
    policies: [],
    rules: [],
    constraints: relation.constraints.filter(({ name }) => !cut.checks.includes(name)),
    columns: relation.columns.map((column) =>
      cut.defaults.includes(column.name) ? { ...column, default: null } : column,
    ),
  }
}

function withoutDependants(relation: Relation, gone: Set<ObjectKey>): Relation {
  const stays =
    (word: 'policy' | 'rule' | 'trigger') =>
    ({ name }: { name: string }): boolean =>
      !gone.has(partKey(word, relation, name))
  return {
    ...relation,
    policies: relation.policies.filter(stays('policy')),
    rules: relation.rules.filter(stays('rule')),
    triggers: relation.triggers.filter(stays('trigger')),
    columns: relation.columns.map((column) =>
      gone.has(partKey('default', relation, column.name)) ? { ...column, default: null } : column,
    ),
  }
}
