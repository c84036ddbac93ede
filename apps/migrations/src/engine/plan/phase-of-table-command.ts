/** The phase of one command of an ALTER TABLE on a table that existed. */
import type { AlterTableCmd, Constraint as ConstraintNode, Node, RangeVar } from '@pgsql/types'
import type { Constraint, Relation } from '../inspect/catalog.ts'
import type { RelationName } from '../rehearse/observation.ts'
import { objectNameParts } from './bridges/existing-objects.ts'
import { findLiveColumn, findLiveRelation } from './bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from './draft.ts'
import { droppedKeyOf } from './kept/dropped-key.ts'
import { isDataStatement } from './statement-kinds.ts'
import type { Phase } from './step.ts'
import { alterCommand, bodyOf, nameParts, rangeVarsOf } from './syntax.ts'

interface AlterFields {
  relation?: { schemaname?: string; relname?: string }
  objtype?: string
}

/** Where a command stands: the table by the name that the statement uses, and the relation of the live catalog. */
interface Place {
  unit: PlanningUnit
  context: PlanContext
  name: RelationName
  live: Relation | undefined
}

const contractCommands = new Set([
  'AT_DropIdentity',
  'AT_EnableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_DetachPartition',
  'AT_DropInherit',
  'AT_ChangeOwner',
])

const triggerCommand = /^AT_(Enable|Disable)(Always|Replica)?(Trig|TrigAll|TrigUser|Rule)$/

/** Returns the earliest phase that the command allows. */
export function phaseOfTableCommand(command: AlterTableCmd, unit: PlanningUnit, context: PlanContext): Phase {
  const statement = bodyOf<AlterFields>(unit.unit.node, 'AlterTableStmt')
  const name = context.resolve(statement?.relation ?? {})
  const place: Place = { unit, context, name, live: findLiveRelation(name, unit.order, context) }
  const subtype = command.subtype ?? ''
  if (statement?.objtype === 'OBJECT_TYPE') {
    return subtype === 'AT_AddColumn' ? 'expand' : 'contract'
  }
  switch (subtype) {
    case 'AT_DropColumn':
      return findColumn(command, place) === undefined ? 'expand' : 'contract'
    case 'AT_ColumnDefault':
      return phaseOfDefault(command, place)
    case 'AT_DropNotNull':
      return isInPrimaryKey(command, place) ? 'contract' : 'expand'
    case 'AT_SetNotNull':
      return findColumn(command, place)?.notNull === true ? 'expand' : 'contract'
    case 'AT_AddConstraint':
      return phaseOfNewConstraint(bodyOf<ConstraintNode>(command.def, 'Constraint'), place)
    case 'AT_DropConstraint':
      return phaseOfDroppedConstraint(place.live?.constraints.find((found) => found.name === command.name))
  }
  if (triggerCommand.test(subtype)) {
    return phaseOfTriggerSwitch(subtype, place)
  }
  return contractCommands.has(subtype) ? 'contract' : 'expand'
}

function findColumn(command: AlterTableCmd, { name, unit, context }: Place) {
  return findLiveColumn(name, command.name ?? '', unit.order, context)
}

/** Postgres allows it only once the key is dropped, which waits for the contract phase. */
function isInPrimaryKey(command: AlterTableCmd, place: Place): boolean {
  const column = findColumn(command, place)?.name
  const key = place.live?.constraints.find(({ kind }) => kind === 'primaryKey')
  return column !== undefined && key?.columns.includes(column) === true
}

/** Writers of the old version leave a column out that has a default, one that the plan adds as well. */
function phaseOfDefault(command: AlterTableCmd, place: Place): Phase {
  if (command.def !== undefined) {
    return 'expand'
  }
  const column = findColumn(command, place)
  return column !== undefined && column.default === null ? 'expand' : 'contract'
}

function phaseOfNewConstraint(constraint: ConstraintNode | undefined, place: Place): Phase {
  const { name, unit, context } = place
  const isNotNull = (column: string): boolean => findLiveColumn(name, column, unit.order, context)?.notNull === true
  switch (constraint?.contype) {
    case 'CONSTR_FOREIGN':
      return isKeyReplaced(constraint.pktable, place) ? 'contract' : 'expand'
    case 'CONSTR_UNIQUE':
      return 'expand'
    case 'CONSTR_PRIMARY':
      return keyColumns(constraint, place).every(isNotNull) ? 'expand' : 'contract'
    case 'CONSTR_NOTNULL':
      return nameParts(constraint.keys as Node[] | undefined).every(isNotNull) ? 'expand' : 'contract'
    default:
      return 'contract'
  }
}

/** A foreign key made too early would stand on the index that an earlier statement drops in the contract phase. */
function isKeyReplaced(referenced: RangeVar | undefined, { unit, context }: Place): boolean {
  const live = referenced && findLiveRelation(context.resolve(referenced), unit.order, context)
  return (
    live !== undefined &&
    context.units.some(
      (earlier) => earlier.order < unit.order && earlier.phase === 'contract' && changesKeyOf(earlier, live, context),
    )
  )
}

function changesKeyOf(unit: PlanningUnit, live: Relation, context: PlanContext): boolean {
  const alter = alterCommand(unit.unit.node)
  if (alter !== undefined) {
    const table = findLiveRelation(context.resolve(alter.relation), unit.order, context)
    const added = bodyOf<ConstraintNode>(alter.command.def, 'Constraint')?.contype
    const isKey = added === 'CONSTR_PRIMARY' || added === 'CONSTR_UNIQUE' || droppedKeyOf(unit, context) !== undefined
    return isKey && table === live
  }
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(unit.unit.node, 'DropStmt')
  const names = (drop?.objects ?? []).map((object) => objectNameParts(object).at(-1))
  return drop?.removeType === 'OBJECT_INDEX' && live.indexes.some(({ unique, name }) => unique && names.includes(name))
}

function keyColumns(constraint: ConstraintNode, { live }: Place): string[] {
  if (constraint.indexname === undefined || constraint.indexname === '') {
    return nameParts(constraint.keys as Node[] | undefined)
  }
  const index = live?.indexes.find((candidate) => candidate.name === constraint.indexname)
  return index === undefined ? [''] : index.columns.map((column) => column ?? '')
}

/** The old version may name a key in ON CONFLICT; the other kinds only ever forbid. */
function phaseOfDroppedConstraint(constraint: Constraint | undefined): Phase {
  const isKey = constraint?.kind === 'primaryKey' || constraint?.kind === 'unique' || constraint?.kind === 'exclusion'
  return isKey ? 'contract' : 'expand'
}

/** Around a data statement it belongs to that statement; else switching on tightens and switching off loosens. */
function phaseOfTriggerSwitch(subtype: string, { name, unit, context }: Place): Phase {
  const touches = (other: PlanningUnit): boolean =>
    other.statement.migrationId === unit.statement.migrationId &&
    isDataStatement(other.unit.node) &&
    rangeVarsOf(other.unit.node).some((table) => table.relname === name.name)
  if (context.units.some(touches)) {
    return 'backfill'
  }
  return subtype.startsWith('AT_Enable') ? 'contract' : 'expand'
}
