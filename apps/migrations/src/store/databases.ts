import { type Database, databaseEvents, migrationsErrors } from '@freehold/contracts-migrations'
import { sqlstateOf, sqlstates } from '@freehold/postgres'
import { type PageRequest, Problem, toPage } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import type { Insertable, Updateable } from 'kysely'
import type { DatabaseRow, DatabasesTable, Store } from './schema.ts'

/** Returns what callers see of a database: nothing that opens it. */
export function toDatabase(row: DatabaseRow): Database {
  return {
    id: row.id,
    service: row.service,
    name: row.name,
    schema: row.schema_name,
    address: row.address,
    reference: row.url_reference,
    windows: row.windows,
    approval: row.approval,
    maxLockMs: row.max_lock_ms,
    driftIntervalMs: row.drift_interval_ms,
    driftCheckedAt: row.drift_checked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** Returns the service's database; throws the Problem databaseNotFound. */
export async function getDatabase(store: Store, service: string, id: string): Promise<DatabaseRow> {
  const row = await store
    .selectFrom('databases')
    .selectAll()
    .where('id', '=', id)
    .where('service', '=', service)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) {
    throw new Problem(migrationsErrors.databaseNotFound, { detail: `${service} has no database with the id ${id}` })
  }
  return row
}

/** Returns the database of a run or a plan, though it may be removed by now. */
export async function readDatabase(store: Store, id: string): Promise<DatabaseRow> {
  return await store.selectFrom('databases').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

/** Lists the service's databases by name. */
export async function listDatabases(store: Store, service: string, page: PageRequest) {
  let query = store
    .selectFrom('databases')
    .selectAll()
    .where('service', '=', service)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(page.limit + 1)
  if (page.cursor !== undefined) {
    query = query.where('name', '>', page.cursor)
  }
  return toPage(await query.execute(), page.limit, ({ name }) => name, toDatabase)
}

/** Enters a database and tells of it; throws the Problem databaseExists. */
export async function insertDatabase(store: Store, values: Insertable<DatabasesTable>): Promise<Database> {
  try {
    return await store.transaction().execute(async (trx) => {
      const row = await trx.insertInto('databases').values(values).returningAll().executeTakeFirstOrThrow()
      const database = toDatabase(row)
      await publishEvent(trx, databaseEvents.registered, row.id, database)
      return database
    })
  } catch (error) {
    if (sqlstateOf(error) === sqlstates.uniqueViolation) {
      throw new Problem(migrationsErrors.databaseExists, {
        detail: `${values.service} has a database ${values.name}`,
        cause: error,
      })
    }
    throw error
  }
}

/** Changes a database in the caller's transaction and tells of it. */
export async function updateDatabase(
  trx: Store,
  id: string,
  change: Updateable<DatabasesTable>,
  event: (typeof databaseEvents)['changed'] | (typeof databaseEvents)['removed'],
): Promise<Database> {
  const row = await trx
    .updateTable('databases')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const database = toDatabase(row)
  await publishEvent(trx, event, id, database)
  return database
}
