/**
 * Renamed columns are there under both names in the window: the table stands aside under a hidden name in its own
 * schema (SET SCHEMA would move its sequences), and a view with both names takes its place. No row is copied.
 */
import { shortenIdentifier } from '@freehold/postgres'
import type { RelationName } from '../../rehearse/observation.ts'
import { inTransaction, lockOn, sqlName } from '../actions.ts'
import type { Draft, PlanContext } from '../draft.ts'
import { createViewSql } from './bridge-view.ts'
import { renameBackSql, renameSql } from './renamed-table.ts'
import { moveSql, type RelationRenames } from './renames.ts'
import { columnsOfBothVersions } from './window-columns.ts'

/** Returns the hidden name of a table that stands aside for a bridge. */
export function hiddenName(table: RelationName, context: PlanContext): RelationName {
  const taken = (name: string): boolean =>
    [context.catalog, context.after].some(({ relations }) =>
      relations.some((relation) => relation.schema === table.schema && relation.name === name),
    )
  let name = shortenIdentifier(`freehold_${table.name}`)
  for (let number = 2; taken(name); number += 1) {
    name = shortenIdentifier(`freehold_${number}_${table.name}`)
  }
  return { schema: table.schema, name }
}

/** Returns the steps that open the bridge at the end of backfill and close it, renaming, at the start of contract. */
export function bridgeRenamedColumns(renames: RelationRenames, context: PlanContext): Draft[] {
  const table = { schema: renames.live.schema, name: renames.live.name }
  const hidden = hiddenName(table, context)
  const view = createViewSql(table, hidden, renames.live, columnsOfBothVersions(renames, context), context)
  const open = [...moveSql(table, hidden), ...view]
  // Queries lock the view and then its base; whoever locks in the other order deadlocks with them.
  const viewThenBase = [lockOn(table), lockOn(hidden)]
  const close = [`DROP VIEW ${sqlName(table)}`, ...moveSql(hidden, table)]
  const names = [...renames.columns].map(([from, to]) => `${from} is also ${to}`).join(' and ')
  return [
    {
      phase: 'backfill',
      mechanism: 'deferred',
      reason: `until the old version is gone, ${table.name} is a view in which ${names}, so both versions work`,
      do: inTransaction(open, [lockOn(table)]),
      undo: inTransaction(close, viewThenBase),
      place: 'open',
      table,
      cost: 'catalog',
    },
    {
      phase: 'contract',
      mechanism: 'deferred',
      reason: `the view goes and ${table.name} takes its name back with its columns renamed, in one transaction`,
      do: inTransaction([...close, ...renameSql(renames)], viewThenBase),
      undo: inTransaction([...renameBackSql(renames), ...open], [lockOn(table)]),
      place: 'close',
      table,
      cost: 'catalog',
    },
  ]
}
