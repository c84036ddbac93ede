/** Which units of a plan go to a twin, and which of them share one. */
import type { Relation } from '../../inspect/catalog.ts'
import { findLiveRelation } from '../bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { droppedKeyOf } from '../kept/dropped-key.ts'
import { needsParts } from '../mechanisms/add-column.ts'
import { validated } from '../mechanisms/validated.ts'
import { isHeavy, seenOnLiveTables } from '../seen.ts'
import { alterCommand, bodyOf, wordsOf } from '../syntax.ts'
import { dropsColumn, namesOf } from '../unit-conflicts.ts'

/** Units that are carried out on one twin, in their order. */
export interface TwinGroup {
  live: Relation
  units: PlanningUnit[]
}

const cache = new WeakMap<PlanContext, TwinGroup[]>()

/** Returns the group that the unit belongs to, if any. */
export function twinGroupOf(unit: PlanningUnit, context: PlanContext): TwinGroup | undefined {
  let groups = cache.get(context)
  if (groups === undefined) {
    groups = collectGroups(context)
    cache.set(context, groups)
  }
  return groups.find(({ units }) => units.includes(unit))
}

interface OpenGroup extends TwinGroup {
  /** What stands behind the last unit that needs the twin; it is carried along only if another one follows. */
  pending: PlanningUnit[]
}

function collectGroups(context: PlanContext): TwinGroup[] {
  const groups: OpenGroup[] = []
  const open = new Map<Relation, OpenGroup>()
  const ahead = new Map<Relation, PlanningUnit[]>()
  for (const unit of context.units) {
    const live = tableOf(unit, context)
    if (live !== undefined && needsTwin(unit, live, context)) {
      const group = open.get(live)
      if (group !== undefined && belongs(unit, group)) {
        group.units.push(...group.pending, unit)
        group.pending = []
      } else {
        const started = { live, units: [unit], pending: [] }
        // A key that goes before the table is rewritten is what the twin finds its rows by.
        const earlier = ahead.get(live) ?? []
        started.units.unshift(...(earlier.every((one) => belongs(one, started)) ? earlier : []))
        groups.push(started)
        open.set(live, started)
      }
      continue
    }
    noteAhead(unit, live, ahead, context)
    for (const group of [...open.values()]) {
      if (group.live === live && belongs(unit, group) && canBeCarried(unit)) {
        group.pending.push(unit)
      } else if (
        !waits(unit, group) &&
        (wordsOf(unit.unit.node).has(group.live.name) || changesWhatIsUsed(unit, group))
      ) {
        open.delete(group.live)
      }
    }
  }
  return groups
}

function noteAhead(
  unit: PlanningUnit,
  live: Relation | undefined,
  ahead: Map<Relation, PlanningUnit[]>,
  context: PlanContext,
): void {
  const noted = live === undefined ? undefined : ahead.get(live)
  if (live !== undefined && droppedKeyOf(unit, context) !== undefined) {
    ahead.set(live, [...(noted ?? []), unit])
  } else if (noted !== undefined && (canBeCarried(unit) || isPlainDrop(unit))) {
    noted.push(unit)
  } else if (noted === undefined || alterCommand(unit.unit.node)?.command.subtype !== 'AT_AddColumn') {
    for (const table of [...ahead.keys()]) {
      if (wordsOf(unit.unit.node).has(table.name)) {
        ahead.delete(table)
      }
    }
  }
}

/** A column may go with the key that it was part of; with CASCADE it would take others along. */
function isPlainDrop({ unit }: PlanningUnit): boolean {
  return dropsColumn(unit.node) && alterCommand(unit.node)?.command.behavior !== 'DROP_CASCADE'
}

/** Returns the live table that an ALTER TABLE or CREATE INDEX is about. */
function tableOf(unit: PlanningUnit, context: PlanContext): Relation | undefined {
  const alter = bodyOf<{ relation?: object; objtype?: string }>(unit.unit.node, 'AlterTableStmt')
  const relation =
    (alter?.objtype ?? 'OBJECT_TABLE') === 'OBJECT_TABLE'
      ? (alter?.relation ?? bodyOf<{ relation?: object }>(unit.unit.node, 'IndexStmt')?.relation)
      : undefined
  return relation === undefined ? undefined : findLiveRelation(context.resolve(relation), unit.order, context)
}

/** Tells whether there is no other way that keeps nobody waiting. */
function needsTwin(unit: PlanningUnit, live: Relation, context: PlanContext): boolean {
  const isAllowed = unit.statement.directives.allowBlocking !== undefined
  if (bodyOf(unit.unit.node, 'AlterTableStmt') === undefined || context.isNew(live) || isAllowed) {
    return false
  }
  const subtype = alterCommand(unit.unit.node)?.command.subtype
  if (subtype === 'AT_AttachPartition' || subtype === 'AT_DropColumn') {
    return false
  }
  const seen = seenOnLiveTables(unit, context)
  return seen.rewrites.length > 0 || isExclusion(unit) || (isHeavy(seen) && !validated.applies(unit, context))
}

function isExclusion(unit: PlanningUnit): boolean {
  const definition = alterCommand(unit.unit.node)?.command.def
  return bodyOf<{ contype?: string }>(definition, 'Constraint')?.contype === 'CONSTR_EXCLUSION'
}

function belongs(unit: PlanningUnit, { units }: TwinGroup): boolean {
  const [first] = units
  return (
    unit.statement.migrationId === first?.statement.migrationId &&
    unit.phase === first.phase &&
    unit.statement.directives.allowBlocking === undefined &&
    JSON.stringify(unit.settings) === JSON.stringify(first.settings)
  )
}

/** What waits for a later phase comes after the twin wherever it stands. */
function waits(unit: PlanningUnit, group: TwinGroup): boolean {
  return unit.phase === 'contract' && group.units[0]?.phase !== 'contract'
}

/** The twin stands where its last unit is: what its first ones name has to be there still. */
function changesWhatIsUsed(unit: PlanningUnit, group: TwinGroup): boolean {
  const { changes, scoped } = namesOf(unit.unit.node)
  return !scoped && group.units.some((one) => [...wordsOf(one.unit.node)].some((word) => changes.has(word)))
}

const carried = new Set(['AT_ColumnDefault', 'AT_SetNotNull', 'AT_DropNotNull', 'AT_SetStorage', 'AT_SetStatistics'])

/** Tells whether the unit changes the table alone and needs no step of its own before or after. */
function canBeCarried(unit: PlanningUnit): boolean {
  const subtype = alterCommand(unit.unit.node)?.command.subtype ?? ''
  if (subtype === 'AT_AddColumn') {
    return !needsParts(unit)
  }
  const index = bodyOf<{ concurrent?: boolean }>(unit.unit.node, 'IndexStmt')
  return carried.has(subtype) || (index !== undefined && index.concurrent !== true)
}
