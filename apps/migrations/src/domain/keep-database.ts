import {
  type Connection,
  type Database,
  type DatabaseChange,
  type DatabaseRegistration,
  databaseEvents,
  migrationsErrors,
} from '@freehold/contracts-migrations'
import { Problem, type SealingKeys, seal } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { getDatabase, insertDatabase, updateDatabase } from '../store/databases.ts'
import { changeSettings, readPolicy, toSettings } from '../store/policies.ts'
import type { Store } from '../store/schema.ts'
import { assertOwnedReference, checkUrl } from './resolve-connection.ts'
import { endStates } from './run-states.ts'

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
    ...toColumns(keys, { id, service }, registration.connection),
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
    const { id, service } = await getDatabase(trx, input.service, input.databaseId)
    const columns = connection === undefined ? {} : toColumns(keys, { id, service }, connection)
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

function toColumns(keys: SealingKeys, owner: { id: string; service: string }, connection: Connection) {
  if ('reference' in connection) {
    assertOwnedReference(owner.service, connection.reference)
    return { url_sealed: null, url_reference: connection.reference, address: null }
  }
  const { host, port, database, user } = checkUrl(connection.url, 'the URL').parsed
  const address = JSON.stringify({ host, port, database, user })
  return { url_sealed: seal(keys, owner.id, connection.url), url_reference: null, address }
}
