/**
 * A dropped column that later statements of the contract phase have to follow, such as one of the same name that is
 * added again, gets a hidden name where it was written to go, and goes at the end: until then it can come back whole.
 */
import { quoteIdentifier, quoteQualified } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Relation } from '../../inspect/catalog.ts'
import { parseSql } from '../../parse/parser.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, inTransaction, lockOn } from '../actions.ts'
import { publicationOf } from '../bridges/obstacles.ts'
import { findLiveRelation } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand, bodyOf, kindOf, nameParts, wordsOf } from '../syntax.ts'
import { dropsColumn, isFollowed } from '../unit-conflicts.ts'
import { keptName } from './kept-names.ts'
import { isRequired, obstacleToLoosening } from './required-column.ts'

/** Tells whether the unit drops columns that get a hidden name first. */
export function goesAside(unit: PlanningUnit, context: PlanContext): boolean {
  const alter = alterCommand(unit.unit.node)
  if (!context.hidesColumns || unit.phase !== 'contract' || alter === undefined || !dropsColumn(unit.unit.node)) {
    return false
  }
  const live = findLiveRelation(context.resolve(alter.relation), unit.order, context)
  const parts = context.units.filter((part) => part.statement === unit.statement && dropsColumn(part.unit.node))
  return (
    live !== undefined &&
    isPlainTable(live, context) &&
    parts.every((part) => canHide(part, live)) &&
    parts.some((part) => isFollowed(part, context.units, (later) => !removes(later.unit.node)))
  )
}

/** A name of a column of relatives is theirs as well, and subscribers are told of it. */
function isPlainTable(live: Relation, context: PlanContext): boolean {
  const name = quoteQualified(live.schema, live.name)
  const isParent = context.catalog.relations.some(
    ({ inherits, partition }) => inherits.includes(name) || partition?.of === name,
  )
  const isAlone = live.kind === 'table' && live.partition === null && live.inherits.length === 0 && !isParent
  return isAlone && publicationOf(live, context) === undefined
}

/** What stays required under a hidden name could no longer be given a value. */
function canHide({ unit }: PlanningUnit, live: Relation): boolean {
  const command = alterCommand(unit.node)?.command
  const column = live.columns.find(({ name }) => name === command?.name)
  const isLoose = column !== undefined && obstacleToLoosening(column, live) === undefined
  return isLoose && command?.behavior !== 'DROP_CASCADE'
}

function removes(node: Node): boolean {
  return dropsColumn(node) || kindOf(node) === 'DropStmt'
}

/** Returns the hidden name of a column. */
export function hiddenColumn(migrationId: string, live: Relation, column: string): string {
  return keptName(migrationId, { schema: live.schema, name: `${live.name}_${column}` }).name
}

/** Something that gets a hidden name for a time. */
interface Hidden {
  name: string
  hidden: string
  rename(from: string, to: string): string
}

/** Returns the step that hides the columns, with their constraints, indexes and sequences, whose names are then free. */
export function hideColumns(
  columns: { live: string; now: string }[],
  live: Relation,
  table: RelationName,
  unit: PlanningUnit,
  context: PlanContext,
): Draft {
  const { migrationId } = unit.statement
  const liveNames = columns.map((column) => column.live)
  const all: Hidden[] = [
    ...companionsOf(liveNames, live, table, unit, context).map((companion) => {
      return { ...companion, hidden: keptName(migrationId, { schema: live.schema, name: companion.name }).name }
    }),
    ...columns.map((column) => ({
      name: column.now,
      hidden: hiddenColumn(migrationId, live, column.live),
      rename: renameWithin((names) => alterTable(table, `RENAME COLUMN ${names}`)),
    })),
  ]
  return {
    phase: 'contract',
    mechanism: 'deferred',
    reason: `${columns.map(({ now }) => now).join(', ')} of ${table.name} makes room for what follows and keeps its values, in case that fails`,
    do: inTransaction(
      all.map(({ name, hidden, rename }) => rename(name, hidden)),
      [lockOn(table)],
    ),
    undo: inTransaction(
      all.toReversed().map(({ name, hidden, rename }) => rename(hidden, name)),
      [lockOn(table)],
    ),
    place: 'inOrder',
    table,
    cost: 'catalog',
  }
}

const fromTo = (from: string, to: string): string => `${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`

/** Returns what goes with the columns and has a name of its own that something else may want. */
function companionsOf(
  columns: string[],
  live: Relation,
  table: RelationName,
  unit: PlanningUnit,
  context: PlanContext,
): Omit<Hidden, 'hidden'>[] {
  // The column keeps its NOT NULL then.
  const isGivenDefault = unit.statement.directives.down !== undefined
  const isOurs = (own: (string | null)[]): boolean => own.some((column) => column !== null && columns.includes(column))
  // NOT NULL was taken off such a column in expand.
  const isLoosened = (own: string[]): boolean =>
    !isGivenDefault && live.columns.some((column) => own.includes(column.name) && isRequired(column))
  const constraints = live.constraints
    .filter(({ kind, columns: own }) => isOurs(own) && !(kind === 'notNull' && isLoosened(own)))
    .map(({ name }) => ({ name, rename: renameWithin((names) => alterTable(table, `RENAME CONSTRAINT ${names}`)) }))
  const indexes = live.indexes
    .filter(({ constraint, definition }) => constraint === null && mentions(definition, columns))
    .map(({ name }) => ({ name, rename: renameObject('INDEX', live.schema) }))
  const sequences = context.catalog.sequences
    .filter(({ ownedBy }) => ownedBy?.schema === live.schema && ownedBy.table === live.name && isOurs([ownedBy.column]))
    .map(({ schema, name }) => ({ name, rename: renameObject('SEQUENCE', schema) }))
  const dropped = namesDropped(context)
  return [...constraints, ...indexes, ...sequences].filter(({ name }) => !dropped.has(name))
}

/** An index goes with a column that is in its key, its INCLUDE, an expression or its WHERE. */
function mentions(definition: string, columns: string[]): boolean {
  const words = wordsOf(parseSql(definition)[0]?.node as Node)
  return columns.some((column) => words.has(column))
}

function renameWithin(command: (names: string) => string): Hidden['rename'] {
  return (from, to) => command(fromTo(from, to))
}

function renameObject(word: 'INDEX' | 'SEQUENCE', schema: string): Hidden['rename'] {
  return (from, to) => `ALTER ${word} ${quoteQualified(schema, from)} RENAME TO ${quoteIdentifier(to)}`
}

/** Names of indexes and constraints that statements of the plan drop themselves. */
function namesDropped(context: PlanContext): Set<string> {
  return new Set(
    context.units.flatMap(({ unit: { node } }) => {
      const command = alterCommand(node)?.command
      const objects = bodyOf<{ objects?: Node[] }>(node, 'DropStmt')?.objects ?? []
      const names = objects.map((object) => nameParts(bodyOf<{ items?: Node[] }>(object, 'List')?.items).at(-1))
      const constraint = command?.subtype === 'AT_DropConstraint' ? [command.name] : []
      return [...names, ...constraint].filter((name) => name !== undefined)
    }),
  )
}
