import { type Database, type DatabaseChange, databaseEvents } from '@freehold/contracts-migrations'
import type { Insertable, Updateable } from 'kysely'
import { updateDatabase } from './databases.ts'
import type { DatabasesTable, SettingsColumns, Store } from './schema.ts'

type Settings = Insertable<SettingsColumns>

/** What holds where neither a database nor its service's strategies say otherwise. */
const settingsDefault: Settings = {
  windows: '[]',
  approval: 'destructive',
  max_lock_ms: 100,
  drift_interval_ms: 3_600_000,
}

/** Returns the columns of the settings that are given. */
export function toSettings(given: Omit<DatabaseChange, 'connection'>): Partial<Settings> {
  const { windows, approval, maxLockMs, driftIntervalMs } = given
  return {
    ...(windows === undefined ? {} : { windows: JSON.stringify(windows) }),
    ...(approval === undefined ? {} : { approval }),
    ...(maxLockMs === undefined ? {} : { max_lock_ms: maxLockMs }),
    ...(driftIntervalMs === undefined ? {} : { drift_interval_ms: driftIntervalMs }),
  }
}

/** Returns what the service's strategies say of a new database. */
export async function readPolicy(store: Store, service: string): Promise<Settings> {
  const row = await store
    .selectFrom('policies')
    .select(['windows', 'approval', 'max_lock_ms', 'drift_interval_ms'])
    .where('service', '=', service)
    .executeTakeFirst()
  return row === undefined ? settingsDefault : { ...row, windows: JSON.stringify(row.windows) }
}

/** Keeps what a version of the strategies says, unless a later one is known. Returns whether it was kept. */
export async function keepPolicy(
  trx: Store,
  service: string,
  version: number,
  policy: Partial<Settings>,
): Promise<boolean> {
  const values = { ...settingsDefault, ...policy, strategy_version: version }
  const kept = await trx
    .insertInto('policies')
    .values({ service, ...values })
    .onConflict((conflict) =>
      conflict.column('service').doUpdateSet(values).where('policies.strategy_version', '<', version),
    )
    .returning('service')
    .executeTakeFirst()
  return kept !== undefined
}

/** Changes a database in the caller's transaction; what waits for a window, or for the next look for drift, is weighed anew. */
export async function changeSettings(trx: Store, id: string, change: Updateable<DatabasesTable>): Promise<Database> {
  const interval = change.drift_interval_ms
  const due = interval === undefined ? {} : { drift_due_at: new Date(Date.now() + interval) }
  const changed = await updateDatabase(trx, id, { ...change, ...due }, databaseEvents.changed)
  if (change.windows !== undefined) {
    // Who takes such a run up looks at the windows again.
    await trx
      .updateTable('runs')
      .set({ starts_at: new Date() })
      .where('database_id', '=', id)
      .where('state', 'in', ['queued', 'contractQueued'])
      .execute()
  }
  return changed
}
