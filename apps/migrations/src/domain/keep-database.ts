import {
  type Connection,
  type Database,
  type DatabaseChange,
  type DatabaseRegistration,
  databaseEvents,
  migrationsErrors,
} from '@freehold/contracts-migrations'
import { parseDatabaseUrl } from '@freehold/postgres'
import { Problem } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { getDatabase, insertDatabase, updateDatabase } from '../store/databases.ts'
import { changeSettings, readPolicy, toSettings } from '../store/policies.ts'
import type { Store } from '../store/schema.ts'
import { endStates } from './run-states.ts'
import { type SealingKeys, sealUrl } from './seal-url.ts'

/** Enters a database of the service; its URL is sealed before anything is written. */
export async function registerDatabase(
  store: Store,
  keys: SealingKeys,
  input: { service: string; registration: DatabaseRegistration },
): Promise<Database> {
  const { service, registration } = input
  const id = uuidv7()
  const policy = { ...(await readPolicy(store, service)), ...toSettings(registration) }
  return await insertDatabase(store, {
    id,
    service,
    name: registration.name,
    schema_name: registration.schema,
    ...toColumns(keys, id, registration.connection),
    ...policy,
    drift_due_at: new Date(Date.now() + policy.drift_interval_ms),
  })
}

/** Changes what is given and leaves the rest. */
export async function changeDatabase(
  store: Store,
  keys: SealingKeys,
  input: { service: string; databaseId: string; change: DatabaseChange },
): Promise<Database> {
  const { connection } = input.change
  return await store.transaction().execute(async (trx) => {
    const { id } = await getDatabase(trx, input.service, input.databaseId)
    const columns = connection === undefined ? {} : toColumns(keys, id, connection)
    return await changeSettings(trx, id, { ...columns, ...toSettings(input.change) })
  })
}

/** Forgets the database’s connection; throws the Problem databaseInUse while a run is not at its end. */
export async function removeDatabase(store: Store, input: { service: string; databaseId: string }): Promise<void> {
  await store.transaction().execute(async (trx) => {
    const { id, name } = await getDatabase(trx, input.service, input.databaseId)
    const open = await trx
      .selectFrom('runs')
      .select('id')
      .where('database_id', '=', id)
      .where('state', 'not in', endStates)
      .executeTakeFirst()
    if (open !== undefined) {
      throw new Problem(migrationsErrors.databaseInUse, { detail: `the run ${open.id} of ${name} is not at its end` })
    }
    await updateDatabase(
      trx,
      id,
      { removed_at: new Date(), url_sealed: null, url_reference: null, address: null },
      databaseEvents.removed,
    )
  })
}

function toColumns(keys: SealingKeys, databaseId: string, connection: Connection) {
  if ('reference' in connection) {
    return { url_sealed: null, url_reference: connection.reference, address: null }
  }
  try {
    const { host, port, database, user } = parseDatabaseUrl(connection.url)
    const address = JSON.stringify({ host, port, database, user })
    return { url_sealed: sealUrl(keys, databaseId, connection.url), url_reference: null, address }
  } catch (error) {
    // What is wrong with it may hold a part of it.
    throw new Problem(migrationsErrors.connectionInvalid, {
      detail: 'the URL is not one of a Postgres database',
      cause: error instanceof TypeError ? undefined : error,
    })
  }
}
