/** What foreign keys delete or change along with the rows of a table. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Constraint, Relation } from '../../inspect/catalog.ts'
import { sqlName } from '../actions.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { wordsOf } from '../syntax.ts'
import { changed, of } from './change-rows.ts'
import { keptName, type Target, toTarget } from './kept-table.ts'
import { keyOf } from './table-key.ts'

/** A table that foreign keys reach from deleted rows. */
export interface Reached {
  target: Target
  kept: string
  /** Name of the WITH query that holds its rows that go. */
  query: string
  /** Conditions on its row `r` under which it goes, one a foreign key. */
  deletedWhen: string[]
  /** Columns of its row `r` that are set to null or their default, and when. */
  cleared: { when: string; columns: string[]; toNull: boolean; kept: string }[]
}

export interface Closure {
  /** In an order in which the rows can be put back. */
  reached: Reached[]
  /** Why the rows that go along cannot be found by following the keys, if they cannot. */
  obstacle: string | undefined
}

/** Returns what a DELETE on the target takes along. */
export function closureOf(target: Target, unit: PlanningUnit, context: PlanContext): Closure {
  const { order, circle } = deletionOrder(target, unit, context)
  const queries = new Map(order.map((one, at) => [one.sql, at === 0 ? changed : `freehold_rows_${at}`]))
  const reached = new Map<string, Reached>()
  const entry = (one: Target): Reached => {
    const query = queries.get(one.sql) ?? `freehold_cleared_${reached.size}`
    const made = { target: one, kept: keptName(unit, one.name.name), query, deletedWhen: [], cleared: [] }
    const found = reached.get(one.sql) ?? made
    reached.set(one.sql, found)
    return found
  }
  let obstacle = circle === undefined ? undefined : `foreign keys delete rows of ${circle} in a circle`
  for (const parent of order) {
    for (const { relation, constraint } of inboundKeys(parent, context)) {
      const child = targetOf(relation, unit, context)
      const when = refersTo(constraint, queries.get(parent.sql) ?? changed)
      const onDelete = constraint.references?.onDelete ?? ''
      if (onDelete === 'cascade') {
        entry(child).deletedWhen.push(when)
      } else if (onDelete.startsWith('set')) {
        if (child.key === undefined) {
          obstacle ??= `${child.name.name}, which refers to it, has no key to find its rows by`
        }
        const { cleared } = entry(child)
        const kept = keptName(unit, `${child.name.name}_${constraint.name}`)
        cleared.push({ when, columns: constraint.columns, toNull: onDelete === 'set null', kept })
      }
    }
  }
  return { reached: [...reached.values()].toSorted(byOrder(order)), obstacle }
}

/** Returns the tables whose rows the statement may delete or change by way of foreign keys, the targets first. */
export function reachedTables(targets: Target[], unit: PlanningUnit, context: PlanContext): Target[] {
  const { node } = unit.unit
  const deletes = /"(DeleteStmt|CMD_DELETE)"/.test(JSON.stringify(node))
  // A column that is not named keeps its value, but for one that follows another's.
  const changing = wordsOf(node)
  const found = [...targets]
  for (const one of found) {
    for (const { relation, constraint } of inboundKeys(one, context)) {
      const { onDelete = '', onUpdate = '', columns = [] } = constraint.references ?? {}
      const goes = deletes && (onDelete === 'cascade' || onDelete.startsWith('set'))
      const follows =
        onUpdate !== 'no action' && onUpdate !== 'restrict' && columns.some((column) => changing.has(column))
      const child = targetOf(relation, unit, context)
      if (goes || follows) {
        for (const column of constraint.columns) {
          changing.add(column)
        }
      }
      if ((goes || follows) && !found.some((other) => other.sql === child.sql)) {
        found.push(child)
      }
    }
  }
  return found
}

/** Returns the tables that lose rows, each behind all those it refers to; and one of a circle, if there is any. */
function deletionOrder(
  target: Target,
  unit: PlanningUnit,
  context: PlanContext,
): { order: Target[]; circle: string | undefined } {
  const order: Target[] = []
  const path = new Set<string>()
  const done = new Set<string>()
  let circle: string | undefined
  const visit = (one: Target): void => {
    if (path.has(one.sql)) {
      circle ??= one.name.name
    }
    if (path.has(one.sql) || done.has(one.sql)) {
      return
    }
    path.add(one.sql)
    for (const { relation, constraint } of inboundKeys(one, context)) {
      if (constraint.references?.onDelete === 'cascade') {
        visit(targetOf(relation, unit, context))
      }
    }
    path.delete(one.sql)
    done.add(one.sql)
    order.unshift(one)
  }
  visit(target)
  return { order, circle }
}

/** Rows that others refer to come back first; a table that only loses values comes last. */
function byOrder(order: Target[]): (one: Reached, other: Reached) => number {
  const rank = ({ target }: Reached): number => {
    const at = order.findIndex((one) => one.sql === target.sql)
    return at === -1 ? order.length : at
  }
  return (one, other) => rank(one) - rank(other)
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
