import { databaseEvents, migrationsErrors, migrationsRoutes as routes } from '@freehold/contracts-migrations'
import { Problem, reply, type Serve } from '@freehold/service'
import { history } from '#engine/index.ts'
import { changeDatabase, registerDatabase, removeDatabase } from '../domain/keep-database.ts'
import { createRedactor } from '../domain/redact.ts'
import { type ConnectionSources, resolveConnection } from '../domain/resolve-connection.ts'
import { unreachedDetail } from '../domain/work-problem.ts'
import { getDatabase, listDatabases, toDatabase, updateDatabase } from '../store/databases.ts'
import { listDrift } from '../store/drift.ts'
import type { DatabaseRow, Store } from '../store/schema.ts'

export interface DatabaseRouteSetup {
  store: Store
  sources: ConnectionSources
  applicationName: string
}

/** Answers the routes of databases. */
export function answerDatabases(serve: Serve, setup: DatabaseRouteSetup): void {
  const { store, sources } = setup
  serve(routes.registerDatabase, async ({ params, body }) =>
    reply(201, await registerDatabase(store, sources.keys, { service: params.serviceId, registration: body })),
  )
  serve(routes.listDatabases, async ({ params, query }) => await listDatabases(store, params.serviceId, query))
  serve(routes.getDatabase, async ({ params }) =>
    toDatabase(await getDatabase(store, params.serviceId, params.databaseId)),
  )
  serve(routes.changeDatabase, async ({ params, body }) =>
    changeDatabase(store, sources.keys, { service: params.serviceId, databaseId: params.databaseId, change: body }),
  )
  serve(routes.removeDatabase, async ({ params }) => {
    await removeDatabase(store, { service: params.serviceId, databaseId: params.databaseId })
  })
  serve(routes.getHistory, async ({ params, signal }) => ({
    items: await readHistory(setup, await getDatabase(store, params.serviceId, params.databaseId), signal),
  }))
  serve(routes.listDrift, async ({ params, query }) => {
    const { id } = await getDatabase(store, params.serviceId, params.databaseId)
    return await listDrift(store, id, query)
  })
  serve(routes.checkDrift, async ({ params }) =>
    store.transaction().execute(async (trx) => {
      const { id } = await getDatabase(trx, params.serviceId, params.databaseId)
      return await updateDatabase(trx, id, { drift_due_at: new Date() }, databaseEvents.changed)
    }),
  )
}

async function readHistory(setup: DatabaseRouteSetup, database: DatabaseRow, signal: AbortSignal) {
  const databaseUrl = await resolveConnection(setup.sources, database)
  const redact = createRedactor(databaseUrl)
  const { applicationName } = setup
  try {
    const schema = database.schema_name
    return redact(
      await history({ databaseUrl, migrationsFolder: '', schema, applicationName, onFact: () => {}, signal }),
    )
  } catch (error) {
    throw new Problem(migrationsErrors.databaseUnreachable, { detail: unreachedDetail, cause: error })
  }
}
