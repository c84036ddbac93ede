/** What CASCADE drops with a table: the views, functions, policies and the like that stand on it. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Relation, Routine } from '../../inspect/catalog.ts'
import { type ObjectKey, partKey, relationKey, routineKey, sequenceKey } from '../../inspect/object-keys.ts'
import { alterTable, sqlName } from '../actions.ts'
import { looseName, objectNameParts } from '../bridges/existing-objects.ts'
import { nameInContract } from '../bridges/renames.ts'
import { matches } from '../bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf } from '../syntax.ts'
import { isOwnedBy, type LeavingTable } from './dropped-table.ts'

/** One object that goes with the tables. */
export interface Dependant {
  key: ObjectKey
  relation?: Relation
  routine?: Routine
  drop: string
}

/** Returns what is there of it when the tables leave: what earlier units have dropped by name is gone. */
export function dependantsOf(leaving: LeavingTable[], unit: PlanningUnit, context: PlanContext): Dependant[] {
  const keys = keysOn(leaving, context)
  const { relations, functions } = context.catalog
  const droppedBefore = namesDroppedBefore(unit, context)
  const views = relations
    .filter(
      (relation) =>
        keys.has(relationKey(relation)) && (relation.kind === 'view' || relation.kind === 'materializedView'),
    )
    .filter((relation) => !droppedBefore.some((name) => matches(relation, name)))
    .map((relation): Dependant => {
      const word = relation.kind === 'view' ? 'VIEW' : 'MATERIALIZED VIEW'
      const drop = `DROP ${word} IF EXISTS ${sqlName(nameInContract(relation, unit.order, context))} CASCADE`
      return { key: relationKey(relation), relation, drop }
    })
  const routines = functions
    .filter((routine) => keys.has(routineKey(routine)) && !droppedBefore.some((name) => matches(routine, name)))
    .map((routine): Dependant => {
      const drop = `DROP ROUTINE IF EXISTS ${sqlName(routine)}(${routine.identityArguments}) CASCADE`
      return { key: routineKey(routine), routine, drop }
    })
  const parts = relations
    .filter((relation) => !leaving.some(({ live }) => live === relation))
    .flatMap((relation) => partsOn(relation, keys, unit, context))
  return [...views, ...routines, ...parts]
}

/** Returns the statements that drop them. */
export function dropDependants(dependants: Dependant[]): string[] {
  return dependants.map(({ drop }) => drop)
}

/** Returns the keys of all that stands on the tables, directly or through others. */
export function keysOn(leaving: LeavingTable[], context: PlanContext): Set<ObjectKey> {
  const { dependencies, sequences } = context.catalog
  const start = leaving.flatMap(({ live }) => [
    relationKey(live),
    ...live.columns.map(({ name }) => partKey('column', live, name)),
    ...sequences.filter((sequence) => isOwnedBy(sequence, live)).map((sequence) => sequenceKey(sequence)),
  ])
  const own = new Set(leaving.flatMap(({ live }) => ownKeys(live)))
  const found = new Set<ObjectKey>()
  // What stands on a view stands on its columns.
  const columnsOf = new Map(
    context.catalog.relations.map((relation) => [
      relationKey(relation),
      relation.columns.map(({ name }) => partKey('column', relation, name)),
    ]),
  )
  const queue = [...start]
  for (let on = queue.pop(); on !== undefined; on = queue.pop()) {
    for (const dependency of dependencies) {
      const { object } = dependency
      if (dependency.on === on && !found.has(object) && !own.has(object)) {
        found.add(object)
        queue.push(object, ...(columnsOf.get(object) ?? []))
      }
    }
  }
  return found
}

function ownKeys(live: Relation): ObjectKey[] {
  return [
    ...live.columns.flatMap(({ name }) => [partKey('column', live, name), partKey('default', live, name)]),
    ...live.constraints.map(({ name }) => partKey('constraint', live, name)),
    ...live.triggers.map(({ name }) => partKey('trigger', live, name)),
    ...live.policies.map(({ name }) => partKey('policy', live, name)),
    ...live.rules.map(({ name }) => partKey('rule', live, name)),
  ]
}

function partsOn(relation: Relation, keys: Set<ObjectKey>, unit: PlanningUnit, context: PlanContext): Dependant[] {
  const name = nameInContract(relation, unit.order, context)
  const on = sqlName(name)
  const parts = (word: 'policy' | 'rule' | 'trigger', sqlWord: string, found: { name: string }[]): Dependant[] =>
    found
      .map((part) => ({
        key: partKey(word, relation, part.name),
        drop: `DROP ${sqlWord} IF EXISTS ${quoteIdentifier(part.name)} ON ${on}`,
      }))
      .filter(({ key }) => keys.has(key))
  const defaults = relation.columns
    .map((column) => ({
      key: partKey('default', relation, column.name),
      drop: alterTable(name, `ALTER COLUMN ${quoteIdentifier(column.name)} DROP DEFAULT`),
    }))
    .filter(({ key }) => keys.has(key))
  return [
    ...parts('policy', 'POLICY', relation.policies),
    ...parts('rule', 'RULE', relation.rules),
    ...parts('trigger', 'TRIGGER', relation.triggers),
    ...defaults,
  ]
}

function namesDroppedBefore(unit: PlanningUnit, context: PlanContext) {
  return context.units
    .filter((earlier) => earlier.order < unit.order)
    .flatMap((earlier) => bodyOf<{ objects?: Node[] }>(earlier.unit.node, 'DropStmt')?.objects ?? [])
    .map((object) => looseName(objectNameParts(object)))
}
