/**
 * What is dropped and made again under its name is replaced in one transaction: apart, there would be a moment in which
 * a view or function is missing, or a policy or trigger does not bind.
 */
import type { Node, RangeVar } from '@pgsql/types'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { isHeavy, seenOnLiveTables } from '../seen.ts'
import { isOwnTransaction, needsCatalogDifference } from '../statement-kinds.ts'
import { alterCommand, bodyOf, kindOf, nameParts } from '../syntax.ts'
import { mustFollow, namesOf } from '../unit-conflicts.ts'
import { isTargetNew, objectNameParts } from './existing-objects.ts'

const cache = new WeakMap<PlanContext, Map<number, PlanningUnit[]>>()

/** Returns the units that run in one transaction with this one, in their order, itself included; undefined if it runs alone. */
export function replacementOf(unit: PlanningUnit, context: PlanContext): PlanningUnit[] | undefined {
  let groups = cache.get(context)
  if (groups === undefined) {
    groups = new Map(findGroups(context).flatMap((group) => group.map((member) => [member.order, group] as const)))
    cache.set(context, groups)
  }
  return groups.get(unit.order)
}

function findGroups(context: PlanContext): PlanningUnit[][] {
  const units = context.units.toSorted((a, b) => a.order - b.order)
  const groups: PlanningUnit[][] = []
  for (const unit of units) {
    const maker = findMaker(unit, context)
    if (maker === undefined || maker.phase !== unit.phase) {
      continue
    }
    const between = units.filter(
      (other) =>
        other.order >= unit.order &&
        other.order <= maker.order &&
        other.phase === unit.phase &&
        !runsApart(other, maker),
    )
    const last = groups.at(-1)
    if (!between.every((member) => isQuick(member, context))) {
      continue
    }
    if (last?.some((member) => between.includes(member))) {
      last.push(...between.filter((member) => !last.includes(member)))
    } else {
      groups.push(between)
    }
  }
  return groups
}

/** A removal that the maker need not follow runs behind it anyway. */
function runsApart({ unit, phase }: PlanningUnit, maker: PlanningUnit): boolean {
  const drop = bodyOf<{ removeType?: string }>(unit.node, 'DropStmt')?.removeType
  const isSetAside = alterCommand(unit.node)?.command.subtype === 'AT_DropColumn' || drop === 'OBJECT_TABLE'
  return isSetAside && !mustFollow(namesOf(maker.unit.node), namesOf(unit.node), phase)
}

/** Nothing of a group may keep anybody waiting, run alone, or be taken back in more than one step. */
function isQuick(unit: PlanningUnit, context: PlanContext): boolean {
  const { node } = unit.unit
  const { revert, changes } = unit.observation
  return (
    needsCatalogDifference(node) &&
    !isOwnTransaction(node) &&
    revert !== null &&
    changes?.data !== true &&
    !isHeavy(seenOnLiveTables(unit, context))
  )
}

/** Returns the later statement of the same migration that makes what the unit drops. */
export function findMaker(unit: PlanningUnit, context: PlanContext): PlanningUnit | undefined {
  const drop = bodyOf<{ objects?: Node[]; removeType?: string }>(unit.unit.node, 'DropStmt')
  if (drop === undefined || isTargetNew(unit, context)) {
    return undefined
  }
  const dropped = (drop.objects ?? []).map((object) => keyOf(drop.removeType ?? '', objectNameParts(object)))
  return context.units.find(
    (later) =>
      later.order > unit.order &&
      later.statement.migrationId === unit.statement.migrationId &&
      dropped.includes(keyOfMade(later.unit.node) ?? 'nothing'),
  )
}

const families: Record<string, string> = {
  OBJECT_VIEW: 'view',
  OBJECT_FUNCTION: 'routine',
  OBJECT_PROCEDURE: 'routine',
  OBJECT_ROUTINE: 'routine',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'policy',
  OBJECT_RULE: 'rule',
}

/** Names without their schema: two of one name in two schemas only share a transaction. */
function keyOf(type: string, parts: string[]): string {
  const family = families[type]
  if (family === undefined) {
    return ''
  }
  const isPart = family === 'trigger' || family === 'policy' || family === 'rule'
  return JSON.stringify([family, ...parts.slice(isPart ? -2 : -1)])
}

function keyOfMade(node: Node): string | undefined {
  const body = bodyOf<Made>(node, kindOf(node))
  switch (kindOf(node)) {
    case 'ViewStmt':
      return keyOf('OBJECT_VIEW', [body?.view?.relname ?? ''])
    case 'CreateFunctionStmt':
      return keyOf('OBJECT_FUNCTION', nameParts(body?.funcname))
    case 'CreateTrigStmt':
      return keyOf('OBJECT_TRIGGER', [body?.relation?.relname ?? '', body?.trigname ?? ''])
    case 'CreatePolicyStmt':
      return keyOf('OBJECT_POLICY', [body?.table?.relname ?? '', body?.policy_name ?? ''])
    case 'RuleStmt':
      return keyOf('OBJECT_RULE', [body?.relation?.relname ?? '', body?.rulename ?? ''])
    default:
      return undefined
  }
}

interface Made {
  view?: RangeVar
  funcname?: Node[]
  relation?: RangeVar
  trigname?: string
  table?: RangeVar
  policy_name?: string
  rulename?: string
}
