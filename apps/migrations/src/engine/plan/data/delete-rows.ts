/**
 * DELETE: whole rows are kept, and so are the rows of other tables that foreign keys delete or change with them; undo
 * puts them back.
 */
import { quoteIdentifier } from '@freehold/postgres'
import type { Constraint, Relation } from '../../inspect/catalog.ts'
import { lockOn, patiently, sqlName } from '../actions.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import type { Action } from '../step.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import { asOne, changed, inRange, of } from './change-rows.ts'
import { insertableColumns, keptName, makeKept, type Target, toTarget, withoutTriggers } from './kept-table.ts'
import { boundaryQuery, rangeSettings } from './key-range.ts'
import { keyOf } from './table-key.ts'
import { triggersFor } from './triggers.ts'
import type { Carried } from './update-rows.ts'

/** A table that foreign keys reach from the deleted rows. */
interface Reached {
  target: Target
  kept: string
  /** Name of the WITH query that holds its rows that go. */
  query: string
  /** Conditions on its row `r` under which it goes, one a foreign key. */
  deletedWhen: string[]
  /** Conditions under which columns of its row `r` are set to null or their default. */
  cleared: { when: string; columns: string[] }[]
}

export interface Closure {
  reached: Reached[]
  /** Why the rows that go along cannot be found, if they cannot. */
  obstacle: string | undefined
}

/** Returns the DELETE in ranges of the target's key, or as one statement without a key. Throws a DeparseError. */
export function deleteRows(
  statement: DataStatement,
  target: Target,
  closure: Closure,
  unit: PlanningUnit,
  how: 'inRanges' | 'asOne',
): Carried {
  const kept = keptName(unit)
  const before = [
    ...makeKept(kept, `SELECT * FROM ${target.sql}`),
    ...closure.reached.flatMap((reached) => makeReached(reached)),
  ]
  const returning = [{ sql: `${quoteIdentifier(statement.alias)}.*` }]
  const key = how === 'inRanges' ? target.key : undefined
  const remove = key === undefined ? asOne(statement, returning) : inRange(statement, key, returning)
  const sql = [
    `WITH ${changed} AS (`,
    remove,
    ')',
    ...closure.reached.flatMap((reached) => keepReached(reached)),
    `INSERT INTO ${kept} SELECT * FROM ${changed}`,
  ].join('\n')
  const undo = putBack(kept, target, closure, unit)
  if (key === undefined) {
    return { do: patiently([...before, sql], unit.settings), undo }
  }
  return {
    do: {
      kind: 'batch',
      schema: target.name.schema,
      table: target.name.name,
      key,
      boundary: boundaryQuery(target.sql, key),
      before,
      sql: [sql],
      after: [],
      settings: { ...unit.settings, ...rangeSettings },
    },
    undo,
  }
}

function makeReached({ kept, target, deletedWhen, cleared }: Reached): string[] {
  const whole = deletedWhen.length > 0 ? makeKept(kept, `SELECT * FROM ${target.sql}`) : []
  return [
    ...whole,
    ...cleared.flatMap((_, at) => makeKept(clearedName(kept, at), clearedQuery(target, cleared[at]?.columns ?? []))),
  ]
}

function clearedName(kept: string, at: number): string {
  return kept.replace(/"$/, `_${at}"`)
}

function clearedQuery(target: Target, columns: string[]): string {
  const key = (target.key ?? []).map((column, position) => `${of('r', column.name)} AS key_${position + 1}`)
  const old = columns.map((column, position) => `${of('r', column)} AS old_${position + 1}`)
  return `SELECT ${[...key, ...old].join(', ')} FROM ${target.sql} AS r`
}

function keepReached({ kept, query, target, deletedWhen, cleared }: Reached): string[] {
  const whole =
    deletedWhen.length === 0
      ? []
      : [
          `, ${query} AS (INSERT INTO ${kept} SELECT r.* FROM ${target.sql} AS r WHERE ${deletedWhen.join(' OR ')} RETURNING *)`,
        ]
  const parts = cleared.map(
    ({ when, columns }, at) =>
      `, ${query}_${at} AS (INSERT INTO ${clearedName(kept, at)} ${clearedQuery(target, columns)} WHERE ${when})`,
  )
  return [...whole, ...parts]
}

function putBack(kept: string, target: Target, closure: Closure, unit: PlanningUnit): Action {
  const rows = [{ target, kept }, ...closure.reached.filter((reached) => reached.deletedWhen.length > 0)]
  const inserts = rows.map((one) => ({ target: one.target, sql: insertBack(one.target, one.kept) }))
  const updates = closure.reached.flatMap(({ target: other, kept: name, cleared }) =>
    cleared.map(({ columns }, at) => ({ target: other, sql: setBack(other, clearedName(name, at), columns) })),
  )
  const all = [
    ...inserts.map((one) => ({ ...one, triggers: triggersFor(one.target.triggers, ['insert']) })),
    ...updates.map((one) => ({ ...one, triggers: triggersFor(one.target.triggers, ['update']) })),
  ]
  const locks = all
    .filter((one) => one.triggers.length > 0)
    .map((one) => lockOn(one.target.name, 'ShareRowExclusiveLock'))
  const drops = [
    ...rows.map((one) => one.kept),
    ...closure.reached.flatMap(({ kept: name, cleared }) => cleared.map((_, at) => clearedName(name, at))),
  ]
  const sql = all.flatMap((one) => withoutTriggers(one.target.sql, one.triggers, [one.sql]))
  return { ...patiently([...sql, ...drops.map((name) => `DROP TABLE ${name}`)], unit.settings), locks }
}

/** Puts kept rows back; one whose key somebody has used again meanwhile stays away. */
export function insertBack(target: Target, kept: string): string {
  const columns = insertableColumns(target)
  const list = columns === undefined ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`
  const select = columns === undefined ? '*' : columns.map(quoteIdentifier).join(', ')
  // Deferrable constraints cannot be arbiters.
  const isImmediate = target.relation.constraints.every((one) => !one.deferrable || one.kind === 'foreignKey')
  const conflict = isImmediate && target.relation.kind !== 'view' ? ' ON CONFLICT DO NOTHING' : ''
  return `INSERT INTO ${target.sql}${list} OVERRIDING SYSTEM VALUE SELECT ${select} FROM ${kept}${conflict}`
}

function setBack(target: Target, kept: string, columns: string[]): string {
  const values = columns.map((column, position) => `${quoteIdentifier(column)} = kept.old_${position + 1}`)
  const same = (target.key ?? []).map((column, position) => `${of('t', column.name)} = kept.key_${position + 1}`)
  return `UPDATE ${target.sql} AS t SET ${values.join(', ')} FROM ${kept} AS kept WHERE ${same.join(' AND ')}`
}

/** Returns what foreign keys delete and change along with rows of the target, in an order in which it can be put back. */
export function closureOf(target: Target, unit: PlanningUnit, context: PlanContext): Closure {
  const reached: Reached[] = []
  const queries = new Map([[target.sql, changed]])
  // Breadth first would meet a table before all that reach it; depth first, reversed, gives parents before children.
  const order: Target[] = []
  const path = new Set<string>()
  const seen = new Set<string>()
  let obstacle: string | undefined
  const visit = (one: Target): void => {
    if (path.has(one.sql)) {
      obstacle ??= `foreign keys delete rows of ${one.name.name} in a circle`
      return
    }
    if (seen.has(one.sql)) {
      return
    }
    seen.add(one.sql)
    path.add(one.sql)
    for (const { relation, constraint } of inboundKeys(one, context)) {
      if (constraint.references?.onDelete === 'cascade') {
        visit(targetOf(relation, unit, context))
      }
    }
    path.delete(one.sql)
    order.unshift(one)
  }
  visit(target)
  for (const [at, one] of order.entries()) {
    if (at > 0) {
      queries.set(one.sql, `freehold_rows_${at}`)
    }
  }
  const entry = (one: Target): Reached => {
    const found = reached.find((other) => other.target.sql === one.sql)
    if (found !== undefined) {
      return found
    }
    const query = queries.get(one.sql) ?? `freehold_rows_${queries.size + reached.length}`
    const made = { target: one, kept: keptName(unit, one.name.name), query, deletedWhen: [], cleared: [] }
    reached.push(made)
    return made
  }
  for (const parent of order) {
    for (const { relation, constraint } of inboundKeys(parent, context)) {
      const child = targetOf(relation, unit, context)
      const when = refersTo(constraint, queries.get(parent.sql) as string)
      if (constraint.references?.onDelete === 'cascade') {
        entry(child).deletedWhen.push(when)
      } else if (constraint.references?.onDelete.startsWith('set')) {
        obstacle ??=
          child.key === undefined ? `${child.name.name} has no key to find the rows that it loses` : undefined
        entry(child).cleared.push({ when, columns: constraint.columns })
      }
    }
  }
  return { reached: sortLike(reached, order), obstacle }
}

function sortLike(reached: Reached[], order: Target[]): Reached[] {
  const rank = (one: Reached): number => {
    const at = order.findIndex((other) => other.sql === one.target.sql)
    return at === -1 ? order.length : at
  }
  return reached.toSorted((one, other) => rank(one) - rank(other))
}

function targetOf(relation: Relation, unit: PlanningUnit, context: PlanContext): Target {
  return toTarget({ schema: relation.schema, name: relation.name }, relation, keyOf(relation), unit, context)
}

function refersTo(constraint: Constraint, query: string): string {
  const same = constraint.columns.map(
    (column, position) => `${of('r', column)} = g.${quoteIdentifier(constraint.references?.columns[position] ?? '')}`,
  )
  return `EXISTS (SELECT FROM ${query} AS g WHERE ${same.join(' AND ')})`
}

/** Returns the foreign keys to the table, those of tables that the plan makes among them. */
function inboundKeys(target: Target, context: PlanContext): { relation: Relation; constraint: Constraint }[] {
  const known = new Set(context.catalog.relations.map((one) => sqlName(one)))
  const relations = [
    ...context.catalog.relations,
    ...context.after.relations.filter((one) => !known.has(sqlName(one)) && context.isNew(one)),
  ]
  return relations.flatMap((relation) =>
    relation.constraints
      .filter(({ kind, references, inheritedCount }) => {
        const isThis = references?.schema === target.name.schema && references.table === target.name.name
        return kind === 'foreignKey' && isThis && inheritedCount === 0
      })
      .map((constraint) => ({ relation, constraint })),
  )
}
