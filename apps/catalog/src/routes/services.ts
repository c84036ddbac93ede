import { catalogRoutes as routes, toStrategy } from '@freehold/contracts-catalog'
import { hasRole, type Serve } from '@freehold/service'
import { findChanges } from '../domain/find-changes.ts'
import { applyStrategy, registerService, restoreStrategy } from '../domain/strategy/apply-strategy.ts'
import { readStrategy } from '../domain/strategy/read-strategy.ts'
import { findRelease } from '../store/releases.ts'
import type { Store } from '../store/schema.ts'
import { getService, listConsumers, listServices, toService } from '../store/services.ts'
import { getStrategyVersion, listStrategyVersions, toStrategyVersion } from '../store/strategies.ts'

/** Answers for services and their strategies. */
export function serveServices(serve: Serve, store: Store): void {
  serve(routes.listServices, async ({ identity, query }) =>
    listServices(store, hasRole(identity, 'viewer') ? undefined : Object.keys(identity.roles), query),
  )
  serve(routes.registerService, async ({ identity, body }) =>
    registerService(store, identity.subject, body.serviceId, body.text),
  )
  serve(routes.getService, async ({ params }) => toService(await getService(store, params.serviceId)))
  serve(routes.checkStrategy, async ({ body }) => {
    const read = readStrategy(body.text)
    return read.outcome === 'read'
      ? { faults: [], strategy: toStrategy(read.file) }
      : { faults: read.faults, strategy: null }
  })
  serve(routes.listConsumers, async ({ params }) => {
    const service = await getService(store, params.serviceId)
    const { strategy } = await getStrategyVersion(store, service.id, service.strategy_version)
    const released =
      service.latest_release === null ? undefined : await findRelease(store, service.id, service.latest_release)
    const published = (released?.contracts ?? []).filter(({ kind }) => kind === 'event').map(({ name }) => name)
    const types = [...new Set([...Object.keys(strategy.events.contracts), ...published])]
    return { items: await listConsumers(store, service.id, types) }
  })
  serveStrategies(serve, store)
}

function serveStrategies(serve: Serve, store: Store): void {
  serve(routes.getStrategy, async ({ params }) => {
    const { id, strategy_version: version } = await getService(store, params.serviceId)
    return toStrategyVersion(await getStrategyVersion(store, id, version))
  })
  serve(routes.applyStrategy, async ({ identity, params, body }) =>
    applyStrategy(store, identity, params.serviceId, body),
  )
  serve(routes.listStrategyVersions, async ({ params, query }) => {
    const { id } = await getService(store, params.serviceId)
    return listStrategyVersions(store, id, query)
  })
  serve(routes.getStrategyVersion, async ({ params }) => {
    const { id } = await getService(store, params.serviceId)
    return toStrategyVersion(await getStrategyVersion(store, id, params.version))
  })
  serve(routes.compareStrategyVersions, async ({ params, query: { from, to } }) => {
    const { id } = await getService(store, params.serviceId)
    const before = await getStrategyVersion(store, id, from)
    const after = await getStrategyVersion(store, id, to)
    return { from, to, changes: findChanges(before.strategy, after.strategy) }
  })
  serve(routes.restoreStrategy, async ({ identity, params, body }) =>
    restoreStrategy(store, identity, params.serviceId, body),
  )
}
