/**
 * A renamed table is there under both names in the window: the view takes the new one, so that nothing changes for the
 * running version, for replication and for what addresses the table itself.
 */

import { quoteIdentifier } from '@freehold/postgres'
import { inTransaction, lockOn, sqlName } from '../actions.ts'
import type { Draft, PlanContext } from '../draft.ts'
import { createViewSql } from './bridge-view.ts'
import { moveSql, type RelationRenames } from './renames.ts'
import { columnsOfNewVersion } from './window-columns.ts'

/** Returns the steps that open the bridge at the end of backfill and close it, renaming, at the start of contract. */
export function bridgeRenamedTable(renames: RelationRenames, context: PlanContext): Draft[] {
  const { live, name } = renames
  const old = { schema: live.schema, name: live.name }
  const create = createViewSql(name, old, live, columnsOfNewVersion(renames, context), context)
  const drop = `DROP VIEW ${sqlName(name)}`
  const viewThenBase = [lockOn(name), lockOn(old)]
  return [
    {
      phase: 'backfill',
      mechanism: 'deferred',
      reason: `until the old version is gone, ${name.name} is a view of ${old.name}, so both versions work`,
      do: inTransaction(create, [lockOn(old, 'AccessShareLock')]),
      undo: inTransaction([drop], [lockOn(name)]),
      place: 'open',
      table: old,
      cost: 'catalog',
    },
    {
      phase: 'contract',
      mechanism: 'deferred',
      reason: `the view goes and ${old.name} gets the name ${name.name}, in one transaction`,
      do: inTransaction([drop, ...renameSql(renames)], viewThenBase),
      undo: inTransaction([...renameBackSql(renames), ...create], [lockOn(name)]),
      place: 'close',
      table: old,
      cost: 'catalog',
    },
  ]
}

/** Returns the step that renames at the start of contract, for a table that no bridge can carry. */
export function renameWithoutBridge(renames: RelationRenames, obstacle: string): Draft {
  const { live, name } = renames
  const what = name.name === live.name && name.schema === live.schema ? 'columns are' : 'table is'
  return {
    phase: 'contract',
    mechanism: 'deferred',
    reason: `the ${what} renamed when the old version is gone, without a bridge: ${obstacle}; start the new version only after freehold migrate complete`,
    do: inTransaction(renameSql(renames), [lockOn(live)]),
    undo: inTransaction(renameBackSql(renames), [lockOn(name)]),
    place: 'close',
    table: { schema: live.schema, name: live.name },
    cost: 'catalog',
  }
}

/** Returns the renaming itself: the table first, then its columns in the order in which names are handed on. */
export function renameSql({ live, name, columnSteps }: RelationRenames): string[] {
  return [...moveSql(live, name), ...columnSteps.map(({ from, to }) => renameColumn(name, from, to))]
}

/** Returns the renaming in reverse. */
export function renameBackSql({ live, name, columnSteps }: RelationRenames): string[] {
  return [...columnSteps.toReversed().map(({ from, to }) => renameColumn(name, to, from)), ...moveSql(name, live)]
}

/** Returns the statement that renames one column. */
export function renameColumn(table: RelationRenames['name'], from: string, to: string): string {
  return `ALTER TABLE ${sqlName(table)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`
}
