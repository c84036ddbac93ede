/** Which tables a user's triggers write when rows of a table change: read off their functions' text, and seen in the rehearsal. */
import type { Relation } from '../../inspect/catalog.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { findTarget } from './find-target.ts'
import type { Target } from './kept-table.ts'
import { activeTriggers, findRoutines, type RowEvent, triggersFor } from './triggers.ts'

export interface TriggerEffects {
  tables: Relation[]
  /** The trigger that runs SQL which its function's text does not tell. */
  opaque: string | undefined
}

const writes =
  /\b(insert\s+into|update|delete\s+from|merge\s+into)\s+(?:only\s+)?((?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+))?)/gi
const calls = /((?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+))?)\s*\(/g
const dynamic = /\b(execute(?!\s+(function|procedure))|truncate|copy|call)\b/i

/** Returns what the triggers of the targets write, and those of the tables that these write. */
export function triggerEffects(
  targets: Target[],
  events: RowEvent[],
  unit: PlanningUnit,
  context: PlanContext,
): TriggerEffects {
  const tables = new Map<string, Relation>()
  let opaque: string | undefined
  const pending = targets.map((target) => ({ triggers: target.triggers, events }))
  for (const { triggers, events: fired } of pending) {
    for (const trigger of triggersFor(triggers, fired)) {
      const bodies = bodiesOf(trigger.function, context)
      opaque ??= bodies.some((body) => dynamic.test(body)) ? trigger.name : undefined
      for (const written of bodies.flatMap((body) => writtenIn(body, unit, context))) {
        const key = `${written.relation.schema}.${written.relation.name}`
        if (!tables.has(key)) {
          tables.set(key, written.relation)
          pending.push({ triggers: activeTriggers(written.relation, unit, context), events: [written.event] })
        }
      }
    }
  }
  if (tables.size > 0 || opaque !== undefined) {
    for (const relation of seenWritten(unit, context)) {
      tables.set(`${relation.schema}.${relation.name}`, relation)
    }
  }
  return { tables: [...tables.values()], opaque }
}

/** Returns the bodies of the function and of all functions of the user's that it may call. */
function bodiesOf(name: string[], context: PlanContext): string[] {
  const bodies = new Set<string>()
  const names = [name]
  for (const one of names) {
    for (const { definition } of findRoutines(one, context)) {
      const body = bodyText(definition)
      if (!bodies.has(body)) {
        bodies.add(body)
        names.push(...[...body.matchAll(calls)].map(([, called = '']) => toName(called)))
      }
    }
  }
  return [...bodies]
}

/** Without comments and without the head, whose words say nothing of what the function does. */
function bodyText(definition: string): string {
  const body = definition.slice(Math.max(0, definition.search(/\bAS\b\s*(\$|')|\bBEGIN ATOMIC\b|\bRETURN\b/i)))
  return body.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}

function writtenIn(body: string, unit: PlanningUnit, context: PlanContext): { relation: Relation; event: RowEvent }[] {
  return [...body.matchAll(writes)].flatMap(([, verb = '', table = '']) => {
    const name = toName(table)
    const relname = name.at(-1) ?? ''
    const found = findTarget(name.length > 1 ? { schemaname: name[0] as string, relname } : { relname }, unit, context)
    const event =
      verb.toLowerCase().split(/\s/)[0] === 'merge' ? 'update' : (verb.toLowerCase().split(/\s/)[0] as RowEvent)
    return found === undefined ? [] : [{ relation: found.relation, event }]
  })
}

/** A row change holds RowExclusiveLock on its table, whoever ordered it. */
function seenWritten(unit: PlanningUnit, context: PlanContext): Relation[] {
  return (unit.observation.locks ?? [])
    .filter((lock) => lock.mode === 'RowExclusiveLock')
    .map((lock) => context.findRelation({ schema: lock.schema, name: lock.name }))
    .filter((relation) => relation !== undefined)
    .filter((relation) => relation.kind === 'table' || relation.kind === 'partitionedTable')
}

function toName(text: string): string[] {
  const parts = text.match(/"[^"]+"|[\w$]+/g) ?? []
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1) : part.toLowerCase()))
}
