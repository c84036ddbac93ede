/**
 * Says in which phase a unit may be carried out at the earliest, from its own kind alone: what adds or loosens in
 * expand, data in backfill, what tightens or removes something that exists in contract. What stands before a unit may
 * hold it back further; that is the planner's business.
 */
import type { Node } from '@pgsql/types'
import { existedBefore, isTargetNew, objectNameParts } from './bridges/existing-objects.ts'
import { findMaker } from './bridges/replacements.ts'
import { findLiveColumn, findLiveRelation, isSameName } from './bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from './draft.ts'
import { laterPhase } from './order-steps.ts'
import { phaseOfTableCommand } from './phase-of-table-command.ts'
import { isDataStatement, isOpaque } from './statement-kinds.ts'
import type { Phase } from './step.ts'
import { bodyOf, kindOf } from './syntax.ts'
import { mustFollow, namesOf } from './unit-conflicts.ts'

type Rule = (unit: PlanningUnit, context: PlanContext) => Phase

/** Returns the earliest phase that the unit's own kind, or its `-- freehold: phase=` comment, allows. */
export function phaseOf(unit: PlanningUnit, context: PlanContext): Phase {
  const asked = unit.statement.directives.phase
  if (asked !== undefined) {
    return asked
  }
  const { node } = unit.unit
  if (isOpaque(node)) {
    return phaseOfOpaque(unit)
  }
  if (isTargetNew(unit, context)) {
    return 'expand'
  }
  if (isDataStatement(node)) {
    return 'backfill'
  }
  const rule = rules[kindOf(node)]
  return rule === undefined ? phaseOfUnknown(unit) : rule(unit, context)
}

const expand: Rule = () => 'expand'
const backfill: Rule = () => 'backfill'
const contract: Rule = () => 'contract'

const rules: Record<string, Rule> = {
  AlterTableStmt: phaseOfAlterTable,
  RenameStmt: phaseOfRename,
  DropStmt: phaseOfDrop,
  AlterDomainStmt: phaseOfAlterDomain,
  AlterSeqStmt: phaseOfAlterSequence,
  AlterEnumStmt: (unit) =>
    bodyOf<{ oldVal?: string }>(unit.unit.node, 'AlterEnumStmt')?.oldVal ? 'contract' : 'expand',
  GrantStmt: (unit) => grantPhase(bodyOf<{ is_grant?: boolean }>(unit.unit.node, 'GrantStmt')),
  GrantRoleStmt: (unit) => grantPhase(bodyOf<{ is_grant?: boolean }>(unit.unit.node, 'GrantRoleStmt')),
  CreatePolicyStmt: (unit) =>
    bodyOf<{ permissive?: boolean }>(unit.unit.node, 'CreatePolicyStmt')?.permissive === true ? 'expand' : 'contract',
  AlterPublicationStmt: (unit) =>
    bodyOf<{ action?: string }>(unit.unit.node, 'AlterPublicationStmt')?.action === 'AP_AddObjects'
      ? 'expand'
      : 'contract',
  ViewStmt: phaseOfView,
  CreateFunctionStmt: phaseOfReplacement,
  CreateTrigStmt: phaseOfReplacement,
  RuleStmt: phaseOfReplacement,
  AlterObjectSchemaStmt: contract,
  AlterOwnerStmt: contract,
  AlterPolicyStmt: contract,
  AlterFunctionStmt: contract,
  AlterTypeStmt: contract,
  AlterExtensionStmt: contract,
  AlterEventTrigStmt: contract,
  DropOwnedStmt: contract,
  DropRoleStmt: contract,
  DropdbStmt: contract,
  TruncateStmt: contract,
  ClusterStmt: contract,
  RefreshMatViewStmt: backfill,
  VacuumStmt: backfill,
  CommentStmt: expand,
  SecLabelStmt: expand,
  IndexStmt: expand,
  ReindexStmt: expand,
  AlterStatsStmt: expand,
  AlterDefaultPrivilegesStmt: expand,
  VariableSetStmt: expand,
  TransactionStmt: expand,
  LockStmt: expand,
}

function grantPhase(grant: { is_grant?: boolean } | undefined): Phase {
  return grant?.is_grant === true ? 'expand' : 'contract'
}

/** What is not listed either makes something new or changes what is there in a way that nobody has looked at. */
function phaseOfUnknown(unit: PlanningUnit): Phase {
  const kind = kindOf(unit.unit.node)
  return kind.startsWith('Create') || kind === 'DefineStmt' || kind === 'CompositeTypeStmt' || onlyCreates(unit)
    ? 'expand'
    : 'contract'
}

function onlyCreates({ observation: { changes } }: PlanningUnit): boolean {
  return changes !== null && !changes.changedOrRemoved
}

/** Code whose text does not tell what it does is judged by what it did to schema and rows. */
function phaseOfOpaque(unit: PlanningUnit): Phase {
  const { changes } = unit.observation
  if (changes?.data === true) {
    // Nobody can tell how the rows were before, so it waits until nothing is to be taken back any more.
    return 'contract'
  }
  if (changes === null || (!changes.created && !changes.changedOrRemoved)) {
    return 'backfill'
  }
  return changes.changedOrRemoved ? 'contract' : 'expand'
}

function phaseOfAlterTable(unit: PlanningUnit, context: PlanContext): Phase {
  const statement = bodyOf<{ cmds?: { AlterTableCmd?: object }[] }>(unit.unit.node, 'AlterTableStmt')
  const commands = (statement?.cmds ?? []).flatMap(({ AlterTableCmd }) => AlterTableCmd ?? [])
  return commands.map((command) => phaseOfTableCommand(command, unit, context)).reduce<Phase>(laterPhase, 'expand')
}

const quietRenames = new Set(['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE', 'OBJECT_STATISTIC_EXT'])

interface Rename {
  renameType?: string
  relation?: { schemaname?: string; relname?: string }
  subname?: string
}

/** Applications use the names of tables, columns, types and functions, and of unique constraints (ON CONFLICT ON CONSTRAINT). */
function phaseOfRename(unit: PlanningUnit, context: PlanContext): Phase {
  const rename = bodyOf<Rename>(unit.unit.node, 'RenameStmt')
  const type = rename?.renameType ?? ''
  if (quietRenames.has(type)) {
    return 'expand'
  }
  if (type === 'OBJECT_COLUMN') {
    const table = context.resolve(rename?.relation ?? {})
    return findLiveColumn(table, rename?.subname ?? '', unit.order, context) === undefined ? 'expand' : 'contract'
  }
  if (type === 'OBJECT_INDEX') {
    const name = context.resolve(rename?.relation ?? {})
    const index = context.catalog.relations
      .filter(({ schema }) => schema === name.schema)
      .flatMap(({ indexes }) => indexes)
      .find((candidate) => candidate.name === name.name)
    // The index of a constraint has the constraint's name, and both are renamed.
    return index !== undefined && index.constraint !== null ? 'contract' : 'expand'
  }
  if (type === 'OBJECT_TABCONSTRAINT') {
    const constraint = context
      .findRelation(context.resolve(rename?.relation ?? {}))
      ?.constraints.find(({ name }) => name === rename?.subname)
    return constraint !== undefined && constraint.index !== null ? 'contract' : 'expand'
  }
  return 'contract'
}

/** By the letter in AlterDomainStmt.subtype (tablecmds.c). */
function phaseOfAlterDomain(unit: PlanningUnit): Phase {
  const domain = bodyOf<{ subtype?: string; def?: object }>(unit.unit.node, 'AlterDomainStmt')
  switch (domain?.subtype) {
    case 'T':
      return domain.def === undefined ? 'contract' : 'expand'
    case 'N':
    case 'X':
    case 'V':
      return 'expand'
    default:
      return 'contract'
  }
}

function phaseOfAlterSequence(unit: PlanningUnit): Phase {
  const options =
    bodyOf<{ options?: { DefElem?: { defname?: string } }[] }>(unit.unit.node, 'AlterSeqStmt')?.options ?? []
  const names = options.map(({ DefElem }) => DefElem?.defname ?? '')
  if (names.some((name) => name === 'restart')) {
    // It belongs to the rows that were written with keys of their own.
    return 'backfill'
  }
  return names.every((name) => name === 'owned_by' || name === 'as' || name === 'maxvalue' || name === 'cache')
    ? 'expand'
    : 'contract'
}

/** A view that is dropped and made again with at least its columns serves both versions, so it is replaced at once. */
function phaseOfDrop(unit: PlanningUnit, context: PlanContext): Phase {
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(unit.unit.node, 'DropStmt')
  const maker = drop?.removeType === 'OBJECT_VIEW' ? findMaker(unit, context) : undefined
  if (maker === undefined || phaseOf(maker, context) !== 'expand' || isHeldBack(maker, unit, context)) {
    return 'contract'
  }
  const keepsColumns = (drop?.objects ?? []).every((object) => {
    const parts = objectNameParts(object)
    const name = context.resolve({ schemaname: parts.length > 1 ? parts.at(-2) : undefined, relname: parts.at(-1) })
    const before = findLiveRelation(name, unit.order, context)
    const after = context.after.relations.find((relation) => isSameName(relation, name))
    return before?.columns.every(({ name: column, type }) =>
      after?.columns.some((candidate) => candidate.name === column && candidate.type === type),
    )
  })
  return keepsColumns ? 'expand' : 'contract'
}

/** Tells whether the maker of what the unit drops has to wait for something else that stands before it. */
function isHeldBack(maker: PlanningUnit, unit: PlanningUnit, context: PlanContext): boolean {
  const names = namesOf(maker.unit.node)
  return context.units.some((earlier) => {
    if (earlier === unit || earlier.order >= maker.order) {
      return false
    }
    // What stands before the unit has its phase; what stands between the two is yet to get it.
    const phase = earlier.order < unit.order ? earlier.phase : phaseOf(earlier, context)
    return phase !== 'expand' && mustFollow(names, namesOf(earlier.unit.node), phase)
  })
}

/** A view that only gains columns serves both versions; another query under the same columns may not. */
function phaseOfView(unit: PlanningUnit, context: PlanContext): Phase {
  const view = bodyOf<{ view?: { schemaname?: string; relname?: string } }>(unit.unit.node, 'ViewStmt')?.view
  const name = context.resolve(view ?? {})
  const before = context.findRelation(name)
  const after = context.after.relations.find(
    (relation) => relation.schema === name.schema && relation.name === name.name,
  )
  if (before === undefined || (after !== undefined && after.columns.length > before.columns.length)) {
    return 'expand'
  }
  return after?.definition === before.definition ? 'expand' : 'contract'
}

/** What is replaced may bind the old version in a new way; what is made adds. */
function phaseOfReplacement(unit: PlanningUnit, context: PlanContext): Phase {
  const { node } = unit.unit
  const body = bodyOf<{ replace?: boolean }>(node, kindOf(node))
  return body?.replace === true && existedBefore(unit, context) ? 'contract' : 'expand'
}
