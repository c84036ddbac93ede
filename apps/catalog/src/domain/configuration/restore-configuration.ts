import type { Configuration } from '@freehold/contracts-catalog'
import { getConfigurationVersion } from '../../store/configurations.ts'
import type { Store } from '../../store/schema.ts'
import { lockService } from '../../store/services.ts'
import { requireVersion } from '../require-version.ts'
import { writeConfiguration } from './change-configuration.ts'
import { toConfiguration } from './to-configuration.ts'

/** Puts back what was set in an earlier version; schema and values of the file stay those of the current strategy. */
export async function restoreConfiguration(
  store: Store,
  actor: string,
  serviceId: string,
  { version, ifVersion }: { version: number; ifVersion?: number | undefined },
): Promise<Configuration> {
  return await store.transaction().execute(async (trx) => {
    const service = await lockService(trx, serviceId)
    requireVersion(service.configuration_version, ifVersion)
    const current = await getConfigurationVersion(trx, serviceId, service.configuration_version)
    const earlier = await getConfigurationVersion(trx, serviceId, version)
    const row = await writeConfiguration(trx, {
      actor,
      action: 'configuration.restored',
      service,
      current,
      layers: { ...current, set_values: earlier.set_values, secret_ids: earlier.secret_ids },
      restoredFrom: version,
    })
    return toConfiguration(row)
  })
}
