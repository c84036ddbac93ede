/** Where removals stand in the contract phase: behind what may still fail, so that until then nothing is gone. */
import type { PlanContext, PlanningUnit } from './draft.ts'
import { goesAside } from './kept/column-aside.ts'
import type { PlacedDraft } from './order-steps.ts'
import { dropsColumn, isFollowed } from './unit-conflicts.ts'

/**
 * Leaves a removal where it was written when a later unit of the contract phase shares names with it and the names are
 * not freed in another way, and in a plan without bridges.
 */
export function keepOrderOfRemovals(placed: (PlacedDraft & { unit: PlanningUnit })[], context: PlanContext): void {
  for (const one of placed) {
    if (one.draft.place !== 'remove' || goesAside(one.unit, context)) {
      continue
    }
    // One draft may drop the columns of several parts of its statement.
    const parts = context.units.filter(
      (part) => part === one.unit || (part.statement === one.unit.statement && dropsColumn(part.unit.node)),
    )
    const follows = placed.some(
      (later) =>
        later.unit.order > one.unit.order && later.draft.place === 'inOrder' && later.draft.phase === 'contract',
    )
    // Without bridges names change in the written order, and a removal is written with the name that it meets there.
    if (follows && (!context.bridged || parts.some((part) => isFollowed(part, context.units)))) {
      one.draft = { ...one.draft, place: 'inOrder' }
    }
  }
}
