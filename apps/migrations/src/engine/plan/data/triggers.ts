/** What a table's own triggers mean for statements that change its rows. */
import type { CreateTrigStmt } from '@pgsql/types'
import type { Relation, Routine } from '../../inspect/catalog.ts'
import { parseSql } from '../../parse/parser.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf, nameParts } from '../syntax.ts'

export type RowEvent = 'insert' | 'update' | 'delete'

/** A user's trigger that fires in an ordinary session. */
export interface ActiveTrigger {
  name: string
  /** ENABLE ALWAYS. */
  always: boolean
  before: boolean
  forEachRow: boolean
  deferrable: boolean
  hasTransitionTable: boolean
  events: Set<RowEvent>
  /** Name of its function, with the schema if it is given. */
  function: string[]
}

// Bits of tgtype (pg_trigger.h), which the parser uses too.
const beforeBit = 2
const eventBits: [RowEvent, number][] = [
  ['insert', 4],
  ['delete', 8],
  ['update', 16],
]

/** Returns the triggers that are there when the unit runs. */
export function activeTriggers(relation: Relation, unit: PlanningUnit, context: PlanContext): ActiveTrigger[] {
  const made = triggersOf(context.after, relation).filter((trigger) => isMadeBefore(trigger.name, unit, context))
  const names = new Set(relation.triggers.map((trigger) => trigger.name))
  return [...relation.triggers, ...made.filter((trigger) => !names.has(trigger.name))]
    .filter((trigger) => trigger.enabled === 'O' || trigger.enabled === 'A')
    .map((trigger) => toActive(trigger.definition, trigger.enabled === 'A'))
    .filter((trigger) => trigger !== undefined)
}

/** Returns those that fire for one of the events. */
export function triggersFor(triggers: ActiveTrigger[], events: RowEvent[]): ActiveTrigger[] {
  return triggers.filter((trigger) => events.some((event) => trigger.events.has(event)))
}

function triggersOf(catalog: PlanContext['after'], { schema, name }: Relation) {
  return catalog.relations.find((one) => one.schema === schema && one.name === name)?.triggers ?? []
}

/** All that expands has run before any rows are filled; within a phase the written order holds. */
function isMadeBefore(trigger: string, unit: PlanningUnit, context: PlanContext): boolean {
  return context.units.some((other) => {
    const made = bodyOf<{ trigname?: string }>(other.unit.node, 'CreateTrigStmt')?.trigname === trigger
    return made && (other.phase === unit.phase ? other.order < unit.order : other.phase === 'expand')
  })
}

function toActive(definition: string, always: boolean): ActiveTrigger | undefined {
  const trigger = bodyOf<CreateTrigStmt>(parseSql(definition)[0]?.node, 'CreateTrigStmt')
  if (trigger?.trigname === undefined) {
    return undefined
  }
  return {
    name: trigger.trigname,
    always,
    before: ((trigger.timing ?? 0) & beforeBit) !== 0,
    forEachRow: trigger.row === true,
    deferrable: trigger.deferrable === true,
    hasTransitionTable: (trigger.transitionRels?.length ?? 0) > 0,
    events: new Set(eventBits.filter(([, bit]) => ((trigger.events ?? 0) & bit) !== 0).map(([event]) => event)),
    function: nameParts(trigger.funcname),
  }
}

/** Returns the user's functions of that name, with or without its schema, before and after the plan. */
export function findRoutines(name: string[], context: PlanContext): Routine[] {
  const [schema, last] = name.length > 1 ? [name.at(-2), name.at(-1)] : [undefined, name[0]]
  return [...context.catalog.functions, ...context.after.functions].filter(
    (routine) => routine.name === last && (schema === undefined || routine.schema === schema),
  )
}
