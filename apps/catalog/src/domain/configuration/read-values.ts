import { type ConfigurationValues, catalogErrors, type JsonValue } from '@freehold/contracts-catalog'
import { openSealed, Problem, type SealingKeys } from '@freehold/service'
import type { z } from 'zod'
import { recordAudit } from '../../store/audit.ts'
import { getConfigurationVersion, readSecrets } from '../../store/configurations.ts'
import type { Store } from '../../store/schema.ts'
import { getService } from '../../store/services.ts'
import { secretOwner } from './change-configuration.ts'
import { settingsOf } from './to-configuration.ts'

/** Returns every value that is set, secrets among them, to the service itself and to nobody else. */
export async function readValues(
  store: Store,
  keys: SealingKeys,
  actor: string,
  serviceId: string,
): Promise<z.output<typeof ConfigurationValues>> {
  if (actor !== serviceId) {
    throw new Problem(catalogErrors.valuesForeign, { detail: `${actor} is not ${serviceId}.` })
  }
  return await store.transaction().execute(async (trx) => {
    const service = await getService(trx, serviceId)
    const row = await getConfigurationVersion(trx, serviceId, service.configuration_version)
    const sealed = await readSecrets(trx, Object.values(row.secret_ids))
    const values: Record<string, JsonValue> = {}
    for (const [name, { value, secretId }] of Object.entries(settingsOf(row))) {
      const hidden = secretId === undefined ? undefined : sealed.get(secretId)
      if (secretId !== undefined && hidden !== undefined) {
        values[name] = openSealed(keys, secretOwner(serviceId, secretId), hidden)
      } else if (value !== undefined) {
        values[name] = value
      }
    }
    await recordAudit(trx, {
      actor,
      action: 'configuration.read',
      serviceId,
      subject: `services/${serviceId}/configuration`,
      after: { version: row.version },
    })
    return { serviceId, version: row.version, values }
  })
}
