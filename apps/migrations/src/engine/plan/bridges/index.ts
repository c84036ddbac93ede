/** Plans what lets the old and the new version work side by side while names change. */
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import type { PlacedDraft } from '../order-steps.ts'
import { obstacleToNewName, obstacleToStandingAside } from './obstacles.ts'
import { bridgeRenamedColumns } from './renamed-column.ts'
import { bridgeRenamedTable, renameWithoutBridge } from './renamed-table.ts'
import { collectRenames, type RelationRenames } from './renames.ts'
import { columnRenameOf, isSameName, relationRenameOf } from './trace-names.ts'
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
  for (const renames of collectRenames(context)) {
    if (renames.units.every((unit) => units.includes(unit))) {
      carry(planned, renames.units, planOne(renames, context))
    }
  }
  planned.warnings.push(...renamesInOrder(units, planned, context))
  return planned
}

/** Says which names change only in the contract phase because something else has them until then. */
function renamesInOrder(units: PlanningUnit[], { carried }: PlannedBridges, context: PlanContext): string[] {
  return units
    .filter(({ order, phase }) => phase === 'contract' && !carried.has(order))
    .flatMap((unit) => {
      const table = relationRenameOf(unit, context)
      const column = columnRenameOf(unit, context)
      const from = table?.from.name ?? (column && `${column.relation.name}.${column.from}`)
      const to = table?.to.name ?? column?.to
      return from === undefined
        ? []
        : [
            `${from} is renamed to ${to} in the contract phase, without a bridge: the name is taken, or made, until then`,
          ]
    })
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
