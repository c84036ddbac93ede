/**
 * Statements that remove, rename or tighten by a change of the catalog alone: they wait for the contract phase, in
 * which the old version is gone. What they remove is set aside first.
 */
import { quoteIdentifier } from '@freehold/postgres'
import { alterTable, inTransaction, lockOn, nothing } from '../actions.ts'
import { existedBefore, isRelationType, isTargetNew } from '../bridges/existing-objects.ts'
import { revertSqlInPhase, sqlInPhase } from '../bridges/readdress.ts'
import { renameColumn } from '../bridges/renamed-table.ts'
import { moveSql, nameInContract } from '../bridges/renames.ts'
import { replacementOf } from '../bridges/replacements.ts'
import {
  columnRenameOf,
  findLiveColumn,
  findLiveRelation,
  relationBefore,
  relationRenameOf,
} from '../bridges/trace-names.ts'
import type { Draft, DraftRefusal, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import { dropColumns, droppedColumnOf } from '../kept/dropped-column.ts'
import { dropKey, droppedKeyOf } from '../kept/dropped-key.ts'
import { droppedTablesOf, setTablesAside } from '../kept/dropped-table.ts'
import {
  droppedSequencesOf,
  droppedTypesOf,
  dropsOnly,
  setSequencesAside,
  setTypesAside,
} from '../kept/dropped-type.ts'
import { phaseOf } from '../phase-of.ts'
import { strongLocks } from '../seen.ts'
import { type Action, lockModes, type RelationLock } from '../step.ts'
import { alterCommand, bodyOf, kindOf } from '../syntax.ts'
import { refusalByRule } from './rule-refusals.ts'

export const deferred: Mechanism = {
  name: 'deferred',
  applies(unit, context) {
    return (
      refusalByRule(unit, context) !== undefined ||
      replacementOf(unit, context) !== undefined ||
      removes(unit, context) ||
      renameBack(unit, context) !== undefined ||
      isOnlyCatalogChange(unit, context)
    )
  },
  steps(unit, context): Draft[] | DraftRefusal {
    return refusalByRule(unit, context) ?? stepsOf(unit, context)
  },
}

/** What holds rows is set aside in whatever phase it is removed. */
function removes(unit: PlanningUnit, context: PlanContext): boolean {
  return (
    droppedColumnOf(unit, context) !== undefined ||
    droppedTablesOf(unit, context).length > 0 ||
    isSetAside(droppedTypesOf(unit, context), unit) ||
    isSetAside(droppedSequencesOf(unit, context), unit)
  )
}

function isSetAside(found: { kind?: string; ownedBy?: { by: string } | null }[], unit: PlanningUnit): boolean {
  const canMove = found.every(({ kind, ownedBy }) => kind !== 'range' && ownedBy?.by !== 'internal')
  const drop = bodyOf<{ behavior?: string }>(unit.unit.node, 'DropStmt')
  return found.length > 0 && canMove && dropsOnly(unit, found) && drop?.behavior !== 'DROP_CASCADE'
}

const deferredKinds = new Set([
  'RenameStmt',
  'AlterObjectSchemaStmt',
  'AlterOwnerStmt',
  'AlterSeqStmt',
  'AlterPolicyStmt',
  'AlterFunctionStmt',
  'AlterTypeStmt',
  'AlterExtensionStmt',
  'AlterEventTrigStmt',
  'AlterPublicationStmt',
  'GrantStmt',
  'GrantRoleStmt',
  'CreatePolicyStmt',
  'DropOwnedStmt',
  'DropRoleStmt',
])
const replacingKinds = new Set(['ViewStmt', 'CreateFunctionStmt', 'CreateTrigStmt', 'RuleStmt'])
const deferredCommands =
  /^AT_(DropIdentity|(Enable|Force)RowSecurity|DropInherit|ChangeOwner|(Enable|Disable)\w*(Trig|TrigAll|TrigUser|Rule))$/

/** Tells whether the statement's own kind is one that waits and needs neither a scan, an index build nor data. */
function isOnlyCatalogChange(unit: PlanningUnit, context: PlanContext): boolean {
  const { node } = unit.unit
  if (phaseOf(unit, context) !== 'contract' || isTargetNew(unit, context)) {
    return false
  }
  const kind = kindOf(node)
  if (kind === 'DropStmt') {
    return bodyOf<{ removeType?: string }>(node, kind)?.removeType !== 'OBJECT_INDEX'
  }
  if (kind === 'AlterTableStmt') {
    return isDeferredCommand(unit, context)
  }
  if (kind === 'AlterDomainStmt') {
    return bodyOf<{ subtype?: string }>(node, kind)?.subtype === 'T'
  }
  return deferredKinds.has(kind) || (replacingKinds.has(kind) && (kind === 'ViewStmt' || existedBefore(unit, context)))
}

function isDeferredCommand(unit: PlanningUnit, context: PlanContext): boolean {
  const alter = alterCommand(unit.unit.node)
  const subtype = alter?.command.subtype ?? ''
  if (alter?.objectType === 'OBJECT_TYPE') {
    return subtype === 'AT_DropColumn'
  }
  return (
    subtype === 'AT_DropColumn' ||
    (subtype === 'AT_ColumnDefault' && alter?.command.def === undefined) ||
    droppedKeyOf(unit, context) !== undefined ||
    deferredCommands.test(subtype)
  )
}

function stepsOf(unit: PlanningUnit, context: PlanContext): Draft[] {
  const group = replacementOf(unit, context)
  if (group !== undefined) {
    return group.at(-1) === unit ? [replace(group, context)] : []
  }
  if (droppedColumnOf(unit, context) !== undefined) {
    return dropColumns(unit, context)
  }
  if (droppedTablesOf(unit, context).length > 0) {
    return setTablesAside(unit, context)
  }
  if (isSetAside(droppedTypesOf(unit, context), unit)) {
    return [setTypesAside(unit, context)]
  }
  if (isSetAside(droppedSequencesOf(unit, context), unit)) {
    return [setSequencesAside(unit, context)]
  }
  const key = droppedKeyOf(unit, context)
  return key === undefined ? [asWritten(unit, context)] : dropKey(key, unit, context)
}

function asWritten(unit: PlanningUnit, context: PlanContext): Draft {
  const isRemoval = kindOf(unit.unit.node) === 'DropStmt'
  return {
    phase: unit.phase,
    mechanism: 'deferred',
    reason: reasonOf(unit),
    do: inTransaction([sqlInPhase(unit, context)], locksInContract(unit, context), unit.settings),
    undo: undoOf(unit, context),
    place: isRemoval ? 'remove' : 'inOrder',
    cost: 'catalog',
  }
}

/** All units of the group in one transaction, at the place of the last. */
function replace(group: PlanningUnit[], context: PlanContext): Draft {
  const last = group.at(-1) as PlanningUnit
  const undos = group.toReversed().map((unit) => undoOf(unit, context))
  const locks = group.flatMap((unit) => locksInContract(unit, context))
  const unknown = undos.find((undo) => undo.kind === 'none' && undo.reason !== undefined)
  const back = undos.flatMap((undo) => (undo.kind === 'transaction' ? undo.sql : []))
  return {
    phase: last.phase,
    mechanism: 'deferred',
    reason: 'what is dropped and made again is replaced in one transaction, so that it is never missing',
    do: inTransaction(
      group.map((unit) => sqlInPhase(unit, context)),
      strongest(locks),
      last.settings,
    ),
    undo: unknown ?? (back.length === 0 ? nothing : inTransaction(back)),
    place: 'inOrder',
    cost: 'catalog',
    carries: group.map(({ statement }) => statement.index),
  }
}

/** Each relation once, with its strongest mode, in the order in which it first comes. */
function strongest(locks: RelationLock[]): RelationLock[] {
  const found = new Map<string, RelationLock>()
  for (const lock of locks) {
    const key = JSON.stringify([lock.schema, lock.name])
    const held = found.get(key)
    if (held === undefined || lockModes.indexOf(lock.mode) > lockModes.indexOf(held.mode)) {
      found.set(key, lock)
    }
  }
  return [...found.values()]
}

function reasonOf(unit: PlanningUnit): string {
  if (unit.phase !== 'contract' && unit.statement.directives.phase === undefined) {
    return 'only the plan itself has used the old name'
  }
  const kind = kindOf(unit.unit.node)
  const word =
    kind === 'DropStmt'
      ? 'what it removes'
      : kind === 'RenameStmt' || kind === 'AlterObjectSchemaStmt'
        ? 'the old name'
        : 'what it changes'
  return unit.phase === 'contract'
    ? `the old version may use ${word}, so it waits until that is gone`
    : `${word} goes at once, as its comment asks`
}

/** Returns the plain statement's strong locks, on the names that their tables have in the contract phase. */
function locksInContract(unit: PlanningUnit, context: PlanContext): RelationLock[] {
  return strongLocks(unit.observation.locks).map((lock) => {
    const live = relationBefore(lock, unit.order, context)
    return live === undefined || unit.phase !== 'contract'
      ? lock
      : lockOn(nameInContract(live, unit.order, context), lock.mode)
  })
}

function undoOf(unit: PlanningUnit, context: PlanContext): Action {
  const alter = alterCommand(unit.unit.node)
  if (alter?.command.subtype === 'AT_ColumnDefault') {
    return restoreDefault(unit, context)
  }
  const back = renameBack(unit, context)
  if (back !== undefined) {
    return inTransaction(back)
  }
  const { revert } = unit.observation
  if (revert === null) {
    return { kind: 'none', reason: 'how it is taken back is not known', stays: true }
  }
  if (revert.cannot.length > 0) {
    return { kind: 'none', reason: revert.cannot.join('; '), stays: true }
  }
  // What has been dropped cannot be locked.
  const drop = bodyOf<{ removeType?: string }>(unit.unit.node, 'DropStmt')?.removeType
  const locks = drop !== undefined && isRelationType(drop) ? [] : locksInContract(unit, context)
  return revert.sql.length === 0 ? nothing : inTransaction(revertSqlInPhase(revert.sql, unit, context), locks)
}

function renameBack(unit: PlanningUnit, context: PlanContext): string[] | undefined {
  const rename = relationRenameOf(unit, context)
  if (rename !== undefined) {
    return kindOf(unit.unit.node) === 'RenameStmt' && unit.observation.revert === null
      ? moveSql(rename.to, rename.from)
      : undefined
  }
  const column = columnRenameOf(unit, context)
  return column === undefined ? undefined : [renameColumn(column.relation, column.to, column.from)]
}

function restoreDefault(unit: PlanningUnit, context: PlanContext): Action {
  const alter = alterCommand(unit.unit.node)
  const table = context.resolve(alter?.relation ?? {})
  const live = findLiveRelation(table, unit.order, context)
  const column = findLiveColumn(table, alter?.command.name ?? '', unit.order, context)
  if (live === undefined || column === undefined || column.default === null) {
    return { kind: 'none', reason: 'the default was made by the plan' }
  }
  const name = nameInContract(live, unit.order, context)
  const set = `ALTER COLUMN ${quoteIdentifier(alter?.command.name ?? '')} SET DEFAULT ${column.default}`
  return inTransaction([alterTable(name, set)], [lockOn(name)])
}
