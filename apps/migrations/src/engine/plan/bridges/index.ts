/** Plans what lets the old and the new version work side by side while names change. */
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import type { PlacedDraft } from '../order-steps.ts'
import { obstacleToNewName, obstacleToStandingAside } from './obstacles.ts'
import { bridgeRenamedColumns } from './renamed-column.ts'
import { bridgeRenamedTable, renameAsWritten, renameWithoutBridge } from './renamed-table.ts'
import { collectRenames, type RelationRenames } from './renames.ts'
import { isSameName } from './trace-names.ts'
import { bridgeWarnings } from './warnings.ts'

/** Steps that carry out units of several statements together. */
export interface PlannedBridges {
  drafts: PlacedDraft[]
  /** Orders of the units that the drafts carry out in full. */
  carried: Set<number>
  warnings: string[]
}

/** Returns the bridges of the plan: one a table, over all that the plan renames of it. */
export function planBridges(units: PlanningUnit[], context: PlanContext): PlannedBridges {
  const planned: PlannedBridges = { drafts: [], carried: new Set(), warnings: [] }
  // What is renamed in expand because its author asks for it runs as written.
  const all = collectRenames(context).filter((renames) => renames.units.every((unit) => isDeferred(unit, units)))
  if (isTangled(all)) {
    const carried = all.flatMap((renames) => renames.units)
    carry(planned, carried, { drafts: [renameAsWritten(carried, context)], warnings: [] })
    return planned
  }
  for (const renames of all) {
    carry(planned, renames.units, planOne(renames, context))
  }
  return planned
}

function isDeferred(unit: PlanningUnit, units: PlanningUnit[]): boolean {
  return unit.phase === 'contract' && units.includes(unit)
}

/** Tells whether tables hand on their names in a circle, so that they cannot be renamed one after the other. */
function isTangled(all: RelationRenames[]): boolean {
  return all.some((one, position) => all.slice(position + 1).some((later) => isSameName(one.name, later.live)))
}

function carry(planned: PlannedBridges, units: PlanningUnit[], { drafts, warnings }: PlannedTable): void {
  const last = units.toSorted((a, b) => a.order - b.order).at(-1)
  if (last === undefined) {
    return
  }
  const { migrationId, index: statement } = last.statement
  planned.drafts.push(...drafts.map((draft) => ({ draft, migrationId, statement })))
  planned.warnings.push(...warnings)
  for (const unit of units) {
    planned.carried.add(unit.order)
  }
}

interface PlannedTable {
  drafts: Draft[]
  warnings: string[]
}

function planOne(renames: RelationRenames, context: PlanContext): PlannedTable {
  const { live, name } = renames
  if (!context.after.relations.some((relation) => isSameName(relation, name))) {
    return withoutBridge(renames, 'the plan removes it')
  }
  const isMoved = !isSameName(live, name)
  const obstacle = isMoved ? obstacleToNewName(renames, context) : obstacleToStandingAside(renames, context)
  if (obstacle !== undefined) {
    return withoutBridge(renames, obstacle)
  }
  const drafts = isMoved ? bridgeRenamedTable(renames, context) : bridgeRenamedColumns(renames, context)
  return { drafts, warnings: bridgeWarnings(renames, !isMoved, context) }
}

function withoutBridge(renames: RelationRenames, obstacle: string): PlannedTable {
  const draft = renameWithoutBridge(renames, obstacle)
  return { drafts: [draft], warnings: [`${renames.live.name}: ${draft.reason}`] }
}
