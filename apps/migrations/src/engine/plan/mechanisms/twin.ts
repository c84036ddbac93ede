/** Statements that rewrite a table, or have no other online form: a twin of the table takes over from it. */

import { nothing } from '../actions.ts'
import { sqlInPhase } from '../bridges/readdress.ts'
import { nameInContract } from '../bridges/renames.ts'
import { isSameName } from '../bridges/trace-names.ts'
import type { Draft, DraftRefusal, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import { dropColumns, droppedColumnOf } from '../kept/dropped-column.ts'
import { seenOnLiveTables } from '../seen.ts'
import { type TwinGroup, twinGroupOf } from '../twin/twin-groups.ts'

export const twin: Mechanism = {
  name: 'twin',
  applies: (unit, context) => twinGroupOf(unit, context) !== undefined,
  steps(unit, context): Draft[] | DraftRefusal {
    const group = twinGroupOf(unit, context) as TwinGroup
    if (group.units.at(-1) !== unit) {
      // A column that goes stops being required before the window opens; its values stay with the table that is kept.
      const drafts = droppedColumnOf(unit, context) === undefined ? [] : dropColumns(unit, context)
      return drafts.filter(({ phase }) => phase !== unit.phase)
    }
    const others = group.units.flatMap((one) => {
      const { rewrites } = seenOnLiveTables(one, context)
      return rewrites.filter((name) => !isSameName(name, group.live) && context.findRelation(name) !== group.live)
    })
    const [other] = others
    if (other !== undefined) {
      const reason = `it rewrites ${other.name} beside ${group.live.name}, and a twin takes over from one table only`
      return { why: 'twin', reason, table: other }
    }
    return [draftOf(group, unit, context)]
  },
}

function draftOf({ live, units }: TwinGroup, last: PlanningUnit, context: PlanContext): Draft {
  const name =
    last.phase === 'contract' ? nameInContract(live, last.order, context) : { schema: live.schema, name: live.name }
  return {
    phase: last.phase,
    mechanism: 'twin',
    reason: `${reasonOf(units, context)} ${live.name} under a lock that keeps everybody waiting: a twin of it is made beside it, filled, kept in step and compared, and takes its place in milliseconds`,
    do: {
      kind: 'twin',
      schema: name.schema,
      table: name.name,
      statements: units.map((unit) => sqlInPhase(unit, context)),
      settings: last.settings,
      script: null,
    },
    undo: nothing,
    place: 'inOrder',
    table: live,
    cost: 'copy',
    carries: units.map(({ statement }) => statement.index),
  }
}

function reasonOf(units: PlanningUnit[], context: PlanContext): string {
  return units.some((unit) => seenOnLiveTables(unit, context).rewrites.length > 0)
    ? 'would rewrite'
    : 'would read all of'
}
