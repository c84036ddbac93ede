/**
 * A dropped table goes whole to schema freehold, under a hidden name. What ties it to the rest of the schema is cut
 * first, so that nothing kept stands in the way of later migrations: foreign keys of both directions, triggers,
 * policies, rules, and defaults and checks that use objects of the user's.
 */
import { quoteIdentifier } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Relation, Sequence } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, inTransaction, lockOn, nothing, patiently, sqlName } from '../actions.ts'
import { objectNameParts } from '../bridges/existing-objects.ts'
import { nameInContract } from '../bridges/renames.ts'
import { findLiveRelation, isSameName, relationBefore } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf } from '../syntax.ts'
import { type CutForeignKey, foreignKeysToCut } from './cut-foreign-keys.ts'
import { cutParts, partsOf, restoreParts } from './cut-parts.ts'
import { dependantsOf, dropDependants } from './dependants.ts'
import { keptName, keptSchema } from './kept-names.ts'
import { leaveParents, withDescendants } from './table-family.ts'

/** A table on its way to schema freehold. */
export interface LeavingTable {
  live: Relation
  /** Its name when it leaves. */
  name: RelationName
  hidden: RelationName
}

interface DropFields {
  objects?: Node[]
  removeType?: string
  behavior?: string
}

/** Returns the live tables that the unit drops, partitions with their parents and, with CASCADE, heirs with theirs. */
export function droppedTablesOf(unit: PlanningUnit, context: PlanContext): Relation[] {
  const drop = bodyOf<DropFields>(unit.unit.node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_TABLE') {
    return []
  }
  const named = (drop.objects ?? []).flatMap(
    (object) => findLiveRelation(toName(objectNameParts(object), context), unit.order, context) ?? [],
  )
  return [...new Set(named.flatMap((relation) => withDescendants(relation, isCascade(drop), context)))]
}

function isCascade(drop: DropFields | undefined): boolean {
  return drop?.behavior === 'DROP_CASCADE'
}

/** Returns the tables of the unit that the plan has made itself; nothing of them is kept. */
export function droppedNewTables(unit: PlanningUnit, context: PlanContext): RelationName[] {
  const drop = bodyOf<DropFields>(unit.unit.node, 'DropStmt')
  return (drop?.objects ?? [])
    .map((object) => toName(objectNameParts(object), context))
    .filter((name) => context.isNew(name) && relationBefore(name, unit.order, context) === undefined)
}

function toName(parts: string[], context: PlanContext): RelationName {
  return context.resolve({ schemaname: parts.length > 1 ? parts.at(-2) : undefined, relname: parts.at(-1) })
}

/** Returns the steps that set the tables aside. */
export function setTablesAside(unit: PlanningUnit, context: PlanContext): Draft[] {
  const { migrationId } = unit.statement
  const leaving = droppedTablesOf(unit, context).map((live): LeavingTable => {
    const name =
      unit.phase === 'contract' ? nameInContract(live, unit.order, context) : { schema: live.schema, name: live.name }
    return { live, name, hidden: keptName(migrationId, live) }
  })
  const cascades = isCascade(bodyOf<DropFields>(unit.unit.node, 'DropStmt'))
  const foreignKeys = foreignKeysToCut(leaving, unit, cascades, context)
  return [
    ...validateOnUndo(foreignKeys, unit),
    ...foreignKeys.map((foreignKey) => cutForeignKey(foreignKey, unit)),
    moveAway(leaving, unit, cascades, context),
  ]
}

/** Undo runs from the last step to the first: the tables come back, then their foreign keys, then these are validated. */
function validateOnUndo(foreignKeys: CutForeignKey[], unit: PlanningUnit): Draft[] {
  const validate = foreignKeys.flatMap((foreignKey) => foreignKey.validate)
  return validate.length === 0
    ? []
    : [
        {
          phase: unit.phase,
          mechanism: 'deferred',
          reason: 'only for undo: foreign keys that come back are validated without keeping anybody waiting',
          do: nothing,
          undo: patiently(validate),
          place: 'remove',
          cost: 'catalog',
        },
      ]
}

function cutForeignKey(foreignKey: CutForeignKey, unit: PlanningUnit): Draft {
  const { table, referenced, name } = foreignKey
  return {
    phase: unit.phase,
    mechanism: 'deferred',
    reason: `foreign key ${name} of ${table.name} goes before the table that it would tie to the schema`,
    do: inTransaction(
      [alterTable(table, `DROP CONSTRAINT ${quoteIdentifier(name)}`)],
      [lockOn(table), lockOn(referenced)],
    ),
    undo: inTransaction(foreignKey.restore, [
      lockOn(table, 'ShareRowExclusiveLock'),
      lockOn(referenced, 'ShareRowExclusiveLock'),
    ]),
    place: 'remove',
    table,
    cost: 'catalog',
  }
}

function moveAway(leaving: LeavingTable[], unit: PlanningUnit, cascades: boolean, context: PlanContext): Draft {
  const dependants = cascades ? dependantsOf(leaving, unit, context) : []
  const parts = leaving.map((table) => partsOf(table, context))
  const leaves = leaving.flatMap((table) => leaveParents(table, leaving, unit, context) ?? [])
  const restored = leaves.length > 0 ? undefined : restoreParts(leaving, parts, dependants, context)
  const made = droppedNewTables(unit, context).map((name) => `DROP TABLE ${sqlName(name)}${cascades ? ' CASCADE' : ''}`)
  const names = leaving.map(({ name }) => name.name).join(', ')
  return {
    phase: unit.phase,
    mechanism: 'deferred',
    reason: `${names} goes to schema ${keptSchema} whole when the old version is gone, so that it can come back`,
    do: inTransaction(
      [
        ...leaving.map(({ hidden }) => `DROP TABLE IF EXISTS ${sqlName(hidden)} CASCADE`),
        ...dropDependants(dependants),
        ...leaves.flatMap(({ sql }) => sql),
        ...parts.flatMap(cutParts),
        ...leaving.flatMap((table) => moveSql(table, unit, context)),
        ...made,
      ],
      [...leaves.flatMap(({ locks }) => locks), ...leaving.map(({ name }) => lockOn(name))],
    ),
    undo:
      restored === undefined
        ? {
            kind: 'none',
            reason: `${names} stays in schema ${keptSchema}, from where it can be taken back by hand`,
            stays: true,
          }
        : inTransaction([...leaving.toReversed().flatMap((table) => moveBackSql(table, unit, context)), ...restored]),
    place: 'remove',
    ...(leaving[0] === undefined ? {} : { table: leaving[0].name }),
    cost: 'catalog',
  }
}

/** Renames of what shares its schema's namespace with the table: indexes, sequences and extended statistics. */
interface Companion {
  word: 'SEQUENCE' | 'INDEX' | 'STATISTICS'
  schema: string
  name: string
  hidden: string
}

function companionsOf({ live, name }: LeavingTable, unit: PlanningUnit, context: PlanContext): Companion[] {
  const hide = (object: RelationName): string => keptName(unit.statement.migrationId, object).name
  const sequences = context.catalog.sequences.filter(
    (sequence) => isOwnedBy(sequence, live) && sequence.schema === live.schema,
  )
  return [
    ...sequences.map(
      (sequence) => ({ word: 'SEQUENCE', schema: name.schema, name: sequence.name, hidden: hide(sequence) }) as const,
    ),
    ...live.indexes.map(
      (index) =>
        ({
          word: 'INDEX',
          schema: name.schema,
          name: index.name,
          hidden: hide({ schema: live.schema, name: index.name }),
        }) as const,
    ),
    ...live.statistics.map(
      (statistics) =>
        ({ word: 'STATISTICS', schema: statistics.schema, name: statistics.name, hidden: hide(statistics) }) as const,
    ),
  ]
}

/** Tells whether the sequence belongs to a column of the table. */
export function isOwnedBy({ ownedBy }: Sequence, live: Relation): boolean {
  return ownedBy !== null && ownedBy.schema === live.schema && ownedBy.table === live.name
}

function moveSql(table: LeavingTable, unit: PlanningUnit, context: PlanContext): string[] {
  const companions = companionsOf(table, unit, context)
  const inPlace = { schema: table.name.schema, name: table.hidden.name }
  return [
    ...companions.map(
      ({ word, schema, name, hidden }) =>
        `ALTER ${word} ${sqlName({ schema, name })} RENAME TO ${quoteIdentifier(hidden)}`,
    ),
    ...companions
      .filter(({ word }) => word === 'STATISTICS')
      .map(
        ({ schema, hidden }) =>
          `ALTER STATISTICS ${sqlName({ schema, name: hidden })} SET SCHEMA ${quoteIdentifier(keptSchema)}`,
      ),
    alterTable(table.name, `RENAME TO ${quoteIdentifier(table.hidden.name)}`),
    alterTable(inPlace, `SET SCHEMA ${quoteIdentifier(keptSchema)}`),
  ]
}

function moveBackSql(table: LeavingTable, unit: PlanningUnit, context: PlanContext): string[] {
  const companions = companionsOf(table, unit, context)
  const inPlace = { schema: table.name.schema, name: table.hidden.name }
  return [
    alterTable(table.hidden, `SET SCHEMA ${quoteIdentifier(table.name.schema)}`),
    alterTable(inPlace, `RENAME TO ${quoteIdentifier(table.name.name)}`),
    ...companions
      .filter(({ word }) => word === 'STATISTICS')
      .map(
        ({ schema, hidden }) =>
          `ALTER STATISTICS ${sqlName({ schema: keptSchema, name: hidden })} SET SCHEMA ${quoteIdentifier(schema)}`,
      ),
    ...companions.map(
      ({ word, schema, name, hidden }) =>
        `ALTER ${word} ${sqlName({ schema, name: hidden })} RENAME TO ${quoteIdentifier(name)}`,
    ),
  ]
}

/** Tells whether the names of the table in the catalog are no longer its names when it leaves. */
export function isRenamed({ live, name }: LeavingTable): boolean {
  return !isSameName(live, name)
}
