import { migrationsRoutes as routes } from '@freehold/contracts-migrations'
import { reply, type Serve } from '@freehold/service'
import { uploadMigrationSet } from '../domain/upload-migration-set.ts'
import { getDatabase } from '../store/databases.ts'
import { getMigrationSet, listMigrationSets, readMigrationFiles } from '../store/migration-sets.ts'
import { getPlan, insertPlan, toPlan } from '../store/plans.ts'
import type { Store } from '../store/schema.ts'

/** Answers the routes of migration sets and plans. */
export function answerPlans(serve: Serve, store: Store): void {
  serve(routes.uploadMigrationSet, async ({ params, body, identity }) => {
    const { set, isNew } = await uploadMigrationSet(store, {
      service: params.serviceId,
      migrations: body.migrations,
      createdBy: identity.subject,
    })
    return isNew ? reply(201, set) : reply(200, set)
  })
  serve(routes.listMigrationSets, async ({ params, query }) => await listMigrationSets(store, params.serviceId, query))
  serve(routes.getMigrationSet, async ({ params }) => getMigrationSet(store, params.serviceId, params.migrationSetId))
  serve(routes.getMigrationFiles, async ({ params }) => {
    const { id } = await getMigrationSet(store, params.serviceId, params.migrationSetId)
    return { items: await readMigrationFiles(store, id) }
  })
  serve(routes.makePlan, async ({ params, body, identity }) => {
    const { serviceId: service, databaseId } = params
    await getDatabase(store, service, databaseId)
    const { id: migrationSetId } = await getMigrationSet(store, service, body.migrationSetId)
    return toPlan(await insertPlan(store, { service, databaseId, migrationSetId, createdBy: identity.subject }))
  })
  serve(routes.getPlan, async ({ params }) => toPlan(await getPlan(store, params.serviceId, params.planId)))
}
