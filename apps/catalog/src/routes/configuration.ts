import { catalogRoutes as routes } from '@freehold/contracts-catalog'
import type { SealingKeys, Serve } from '@freehold/service'
import { changeConfiguration } from '../domain/configuration/change-configuration.ts'
import { createConfigurationWatch, followConfiguration } from '../domain/configuration/follow-configuration.ts'
import { readValues } from '../domain/configuration/read-values.ts'
import { restoreConfiguration } from '../domain/configuration/restore-configuration.ts'
import { settingsOf, toConfiguration } from '../domain/configuration/to-configuration.ts'
import { findChanges } from '../domain/find-changes.ts'
import { getConfigurationVersion, listConfigurationVersions } from '../store/configurations.ts'
import type { Store } from '../store/schema.ts'
import { getService } from '../store/services.ts'

/** Answers for the configuration of services. */
export function serveConfiguration(serve: Serve, store: Store, keys: SealingKeys): void {
  const watch = createConfigurationWatch(store)
  serve(routes.getConfiguration, async ({ params }) => {
    const { id, configuration_version: version } = await getService(store, params.serviceId)
    return toConfiguration(await getConfigurationVersion(store, id, version))
  })
  serve(routes.changeConfiguration, async ({ identity, params, body }) =>
    changeConfiguration(store, keys, identity.subject, params.serviceId, body),
  )
  serve(routes.followConfiguration, async ({ params: { serviceId }, query: { after }, signal }) =>
    followConfiguration(store, watch, { serviceId, after: after ?? 0, signal }),
  )
  serve(routes.listConfigurationVersions, async ({ params, query }) => {
    const { id } = await getService(store, params.serviceId)
    return listConfigurationVersions(store, id, query)
  })
  serve(routes.getConfigurationVersion, async ({ params }) => {
    const { id } = await getService(store, params.serviceId)
    return toConfiguration(await getConfigurationVersion(store, id, params.version))
  })
  serve(routes.compareConfigurationVersions, async ({ params, query: { from, to } }) => {
    const { id } = await getService(store, params.serviceId)
    const before = await getConfigurationVersion(store, id, from)
    const after = await getConfigurationVersion(store, id, to)
    return { from, to, changes: findChanges(settingsOf(before), settingsOf(after)) }
  })
  serve(routes.restoreConfiguration, async ({ identity, params, body }) =>
    restoreConfiguration(store, identity.subject, params.serviceId, body),
  )
  serve(routes.readConfigurationValues, async ({ identity, params }) =>
    readValues(store, keys, identity.subject, params.serviceId),
  )
}
