/** Says what a name that a unit uses has become when one of its steps runs, for renames behind it may be carried out first. */
import type { RelationName } from '../../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { phases } from '../order-steps.ts'
import type { Phase } from '../step.ts'
import { collectRenames } from './renames.ts'
import { columnRenameOf, isSameName, relationRenameOf } from './trace-names.ts'

/** The names that hold when a step runs, of what its unit names. */
export interface NamesThen {
  /** False where every name is as the unit wrote it. */
  isAny: boolean
  relation(name: RelationName): RelationName
  column(relation: RelationName, column: string): string
}

/** When a step runs: in which phase, and whether before the renames with which the contract phase begins. */
export interface Moment {
  phase: Phase
  beforeRenames: boolean
}

/** Returns the names that hold when a step of the unit runs at that moment. */
export function namesThen(unit: PlanningUnit, moment: Moment, context: PlanContext): NamesThen {
  const ahead = renamesAhead(unit, moment, context)
  const follow = (relation: RelationName, column: string): { relation: RelationName; column: string } => {
    let now = { relation, column }
    for (const later of ahead) {
      const table = relationRenameOf(later, context)
      if (table !== undefined && isSameName(table.from, now.relation)) {
        now = { ...now, relation: table.to }
      }
      const part = columnRenameOf(later, context)
      if (part !== undefined && part.from === now.column && isSameName(part.relation, now.relation)) {
        now = { ...now, column: part.to }
      }
    }
    return now
  }
  return {
    isAny: ahead.length > 0,
    relation: (name) => follow(name, '').relation,
    column: (relation, column) => follow(relation, column).column,
  }
}

function renamesAhead(unit: PlanningUnit, moment: Moment, context: PlanContext): PlanningUnit[] {
  const atStart = new Set(collectRenames(context).flatMap(({ units }) => units))
  const isDone = (later: PlanningUnit): boolean =>
    phases.indexOf(later.phase) < phases.indexOf(moment.phase) ||
    (moment.phase === 'contract' && !moment.beforeRenames && atStart.has(later))
  return context.units
    .filter((later) => later.order > unit.order && isRename(later, context) && isDone(later))
    .sort((a, b) => a.order - b.order)
}

function isRename(unit: PlanningUnit, context: PlanContext): boolean {
  return relationRenameOf(unit, context) !== undefined || columnRenameOf(unit, context) !== undefined
}
