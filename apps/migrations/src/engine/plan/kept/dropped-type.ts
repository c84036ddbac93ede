/** A dropped type or sequence goes to schema freehold: a table that was set aside, now or earlier, may still use it. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Sequence, UserType } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { inTransaction, sqlName } from '../actions.ts'
import { looseName, objectNameParts } from '../bridges/existing-objects.ts'
import { findLiveType, matches } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf } from '../syntax.ts'
import { keptName, keptSchema } from './kept-names.ts'

interface DropFields {
  objects?: Node[]
  removeType?: string
}

/** An object that changes schema and name, and the SQL word for its kind. */
interface Moved {
  word: 'TYPE' | 'DOMAIN' | 'SEQUENCE'
  from: RelationName
  hidden: RelationName
  before: string[]
  after: string[]
}

/** Returns the live types that the unit drops and that can be moved: all but ranges, whose multirange would stay behind. */
export function droppedTypesOf(unit: PlanningUnit, context: PlanContext): UserType[] {
  const drop = bodyOf<DropFields>(unit.unit.node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_TYPE' && drop?.removeType !== 'OBJECT_DOMAIN') {
    return []
  }
  return (drop.objects ?? []).flatMap(
    (object) => findLiveType(looseName(objectNameParts(object)), unit.order, context) ?? [],
  )
}

/** Returns the live sequences that the unit drops. */
export function droppedSequencesOf(unit: PlanningUnit, context: PlanContext): Sequence[] {
  const drop = bodyOf<DropFields>(unit.unit.node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_SEQUENCE') {
    return []
  }
  const names = (drop.objects ?? []).map((object) => looseName(objectNameParts(object)))
  return context.catalog.sequences.filter((sequence) => names.some((name) => matches(sequence, name)))
}

/** Returns the step that sets the types aside. */
export function setTypesAside(unit: PlanningUnit, context: PlanContext): Draft {
  const moved = droppedTypesOf(unit, context).map((type): Moved => {
    const from = nameWritten(type, unit, context)
    const word = type.kind === 'domain' ? 'DOMAIN' : 'TYPE'
    return { word, from, hidden: keptName(unit.statement.migrationId, type), before: [], after: [] }
  })
  return move(moved, unit, 'a table that was set aside may still use it')
}

/** Returns the step that sets the sequences aside, with the place at which they stand. */
export function setSequencesAside(unit: PlanningUnit, context: PlanContext): Draft {
  const moved = droppedSequencesOf(unit, context).map((sequence): Moved => {
    const from = { schema: sequence.schema, name: sequence.name }
    const owner = sequence.ownedBy
    const before = owner === null ? [] : [`ALTER SEQUENCE ${sqlName(from)} OWNED BY NONE`]
    const column = owner && `${sqlName({ schema: owner.schema, name: owner.table })}.${quoteIdentifier(owner.column)}`
    const after = column === null ? [] : [`ALTER SEQUENCE ${sqlName(from)} OWNED BY ${column}`]
    return { word: 'SEQUENCE', from, hidden: keptName(unit.statement.migrationId, sequence), before, after }
  })
  return move(moved, unit, 'its place is kept with it')
}

/** A type that the plan renames before it drops it is there under the name that the statement has. */
function nameWritten(type: UserType, unit: PlanningUnit, context: PlanContext): RelationName {
  const drop = bodyOf<DropFields>(unit.unit.node, 'DropStmt')
  const written = (drop?.objects ?? [])
    .map((object) => looseName(objectNameParts(object)))
    .find((name) => findLiveType(name, unit.order, context) === type)
  return { schema: written?.schema ?? type.schema, name: written?.name ?? type.name }
}

function move(moved: Moved[], unit: PlanningUnit, why: string): Draft {
  const names = moved.map(({ from }) => from.name).join(', ')
  const kept = quoteIdentifier(keptSchema)
  return {
    phase: unit.phase,
    mechanism: 'deferred',
    reason: `${names} goes to schema ${keptSchema} when the old version is gone: ${why}`,
    do: inTransaction(
      moved.flatMap(({ word, from, hidden, before }) => [
        `DROP ${word} IF EXISTS ${sqlName(hidden)}`,
        ...before,
        `ALTER ${word} ${sqlName(from)} RENAME TO ${quoteIdentifier(hidden.name)}`,
        `ALTER ${word} ${sqlName({ schema: from.schema, name: hidden.name })} SET SCHEMA ${kept}`,
      ]),
    ),
    undo: inTransaction(
      moved
        .toReversed()
        .flatMap(({ word, from, hidden, after }) => [
          `ALTER ${word} ${sqlName(hidden)} SET SCHEMA ${quoteIdentifier(from.schema)}`,
          `ALTER ${word} ${sqlName({ schema: from.schema, name: hidden.name })} RENAME TO ${quoteIdentifier(from.name)}`,
          ...after,
        ]),
    ),
    place: 'remove',
    cost: 'catalog',
  }
}

/** Tells whether every object that the unit drops is one of these, so that nothing is left for the statement as written. */
export function dropsOnly(unit: PlanningUnit, found: unknown[]): boolean {
  return (bodyOf<DropFields>(unit.unit.node, 'DropStmt')?.objects ?? []).length === found.length
}
