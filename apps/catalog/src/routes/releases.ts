import { catalogRoutes as routes } from '@freehold/contracts-catalog'
import { reply, type Serve } from '@freehold/service'
import { compareEventSchemas } from '../domain/compatibility/compare-event-schemas.ts'
import { compareOpenApi } from '../domain/compatibility/compare-open-api.ts'
import { removeInstance, reportInstance } from '../domain/instances/report-instance.ts'
import { checkContracts, requireReadable } from '../domain/releases/check-contracts.ts'
import { registerRelease } from '../domain/releases/register-release.ts'
import { listInstances } from '../store/instances.ts'
import { getContractDocument, getRelease, listReleases, toRelease } from '../store/releases.ts'
import type { Store } from '../store/schema.ts'
import { getService } from '../store/services.ts'
import { getStrategyVersion } from '../store/strategies.ts'

/** Answers for releases, their contracts, and the instances that run them. */
export function serveReleases(serve: Serve, store: Store): void {
  serve(routes.registerRelease, async ({ identity, params, body }) => {
    const { release, isNew } = await registerRelease(store, identity.subject, params.serviceId, body)
    return isNew ? reply(201, release) : reply(200, release)
  })
  serve(routes.listReleases, async ({ params, query }) => {
    const { id } = await getService(store, params.serviceId)
    return listReleases(store, id, query)
  })
  serve(routes.getRelease, async ({ params }) => {
    const { id } = await getService(store, params.serviceId)
    return toRelease(await getRelease(store, id, params.version))
  })
  serve(routes.getContract, async ({ params }) => {
    const { id } = await getService(store, params.serviceId)
    const { version } = await getRelease(store, id, params.version)
    return getContractDocument(store, id, version, params)
  })
  serve(routes.checkContracts, async ({ params, body: { version, contracts } }) => {
    const service = await getService(store, params.serviceId)
    const { strategy } = await getStrategyVersion(store, service.id, service.strategy_version)
    const check = await checkContracts(store, service.id, version, contracts, strategy.events.compatibility)
    return { allowed: check.refused.length === 0, findings: check.findings }
  })
  serve(routes.compareContracts, async ({ body: { kind, earlier, later, compatibility } }) => {
    const contracts = [earlier, later].map((document, index) => ({
      kind,
      name: index === 0 ? 'earlier' : 'later',
      document,
    }))
    requireReadable(contracts)
    const common = { contract: kind, against: 'earlier' }
    return {
      findings:
        kind === 'openapi'
          ? compareOpenApi(earlier, later).map((finding) => ({ ...finding, ...common, side: 'api' as const }))
          : compareEventSchemas([{ version: 'earlier', schema: earlier }], later, compatibility).map((finding) => ({
              ...finding,
              ...common,
            })),
    }
  })
  serveInstances(serve, store)
}

function serveInstances(serve: Serve, store: Store): void {
  serve(routes.listInstances, async ({ params }) => {
    const { id } = await getService(store, params.serviceId)
    return { items: await listInstances(store, id, new Date()) }
  })
  serve(routes.reportInstance, async ({ identity, params, body }) =>
    reportInstance(store, identity.subject, params, body),
  )
  serve(routes.removeInstance, async ({ identity, params }) => removeInstance(store, identity.subject, params))
}
