// Every change of a configuration, whatever caused it, goes through `writeConfiguration`: checked, versioned, told by an
// event and audited, in one transaction. A secret is sealed before it comes near any of these.

import { isDeepStrictEqual } from 'node:util'
import {
  type Configuration,
  type ConfigurationSchema,
  catalogErrors,
  catalogEvents,
  type JsonValue,
} from '@freehold/contracts-catalog'
import { Problem, type SealingKeys, seal } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import { v7 as uuidv7 } from 'uuid'
import { recordAudit } from '../../store/audit.ts'
import { getConfigurationVersion, insertConfigurationVersion } from '../../store/configurations.ts'
import type { ConfigurationRow, ServiceRow, Store } from '../../store/schema.ts'
import { lockService } from '../../store/services.ts'
import { requireVersion } from '../require-version.ts'
import { checkValue, type ValueFault } from './check-value.ts'
import { createPatternMatcher } from './match-pattern.ts'
import { type ConfigurationLayers, settingsOf, toConfiguration } from './to-configuration.ts'

/** What a caller asks to be changed. */
export interface ConfigurationChange {
  set: Record<string, JsonValue>
  unset: string[]
  ifVersion?: number | undefined
}

/** Sets and unsets settings; returns the configuration as it is then. */
export async function changeConfiguration(
  store: Store,
  keys: SealingKeys,
  actor: string,
  serviceId: string,
  change: ConfigurationChange,
): Promise<Configuration> {
  return await store.transaction().execute(async (trx) => {
    const service = await lockService(trx, serviceId)
    requireVersion(service.configuration_version, change.ifVersion)
    const current = await getConfigurationVersion(trx, serviceId, service.configuration_version)
    refuseFaults(checkChange(current.schema, change))
    const setValues = { ...current.set_values }
    const secretIds = { ...current.secret_ids }
    for (const name of change.unset) {
      delete setValues[name]
      delete secretIds[name]
    }
    for (const [name, value] of Object.entries(change.set)) {
      if (current.schema.properties?.[name]?.secret === true) {
        secretIds[name] = await insertSecret(trx, keys, serviceId, name, value as string)
      } else {
        setValues[name] = value
      }
    }
    const layers = { ...current, set_values: setValues, secret_ids: secretIds }
    const row = await writeConfiguration(trx, { actor, action: 'configuration.changed', service, current, layers })
    return toConfiguration(row)
  })
}

async function insertSecret(
  trx: Store,
  keys: SealingKeys,
  serviceId: string,
  name: string,
  value: string,
): Promise<string> {
  const id = uuidv7()
  const sealed = seal(keys, secretOwner(serviceId, id), value)
  await trx.insertInto('secrets').values({ id, service_id: serviceId, name, sealed }).execute()
  return id
}

/** Returns what a secret is sealed for. */
export function secretOwner(serviceId: string, secretId: string): string {
  return `secret ${serviceId}/${secretId}`
}

/** A new version of a configuration and what led to it. */
interface ConfigurationWrite {
  actor: string
  action: string
  service: ServiceRow
  current: ConfigurationRow | undefined
  layers: ConfigurationLayers
  restoredFrom?: number
}

/** Writes the version unless nothing differs; the caller holds the service's row. Returns the row that counts now. */
export async function writeConfiguration(trx: Store, write: ConfigurationWrite): Promise<ConfigurationRow> {
  const { actor, action, service, current, restoredFrom } = write
  const layers = keepDeclared(write.layers)
  refuseFaults([...checkLength(layers), ...checkLayers(layers)])
  const { schema, file_values, set_values, secret_ids } = layers
  const wanted = { schema, file_values, set_values, secret_ids }
  if (current !== undefined && restoredFrom === undefined && isDeepStrictEqual({ ...current, ...wanted }, current)) {
    return current
  }
  const row = await insertConfigurationVersion(trx, {
    ...wanted,
    service_id: service.id,
    version: (current?.version ?? 0) + 1,
    restored_from: restoredFrom ?? null,
    changed_by: actor,
  })
  await trx.updateTable('services').set({ configuration_version: row.version }).where('id', '=', service.id).execute()
  await publishEvent(trx, catalogEvents.configurationChanged, service.id, toConfiguration(row))
  await recordAudit(trx, {
    actor,
    action,
    serviceId: service.id,
    subject: `services/${service.id}/configuration`,
    before: current === undefined ? null : { version: current.version, settings: settingsOf(current) },
    after: { version: row.version, restoredFrom: row.restored_from, settings: settingsOf(row) },
  })
  return row
}

/** Leaves out values of settings that are not declared any more: nobody could see or unset them. */
function keepDeclared(layers: ConfigurationLayers): ConfigurationLayers {
  const properties = layers.schema.properties ?? {}
  const declared = <T>(values: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(properties, name)))
  return { ...layers, set_values: declared(layers.set_values), secret_ids: declared(layers.secret_ids) }
}

function checkChange(schema: ConfigurationSchema, { set, unset }: ConfigurationChange): ValueFault[] {
  const properties = schema.properties ?? {}
  const matches = createPatternMatcher()
  return [...Object.keys(set), ...unset].flatMap((name) => {
    const setting = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (setting === undefined) {
      return [{ path: [name], detail: 'is not declared in config.schema of freehold.yaml' }]
    }
    return Object.hasOwn(set, name) ? checkValue(set[name], setting, [name], matches) : []
  })
}

/** Bytes of a configuration as JSON: an event carries it whole. */
const configurationBytesMax = 256 * 1024

function checkLength(layers: ConfigurationLayers): ValueFault[] {
  const bytes = Buffer.byteLength(JSON.stringify([layers.schema, settingsOf(layers)]))
  return bytes > configurationBytesMax
    ? [{ path: [], detail: `the configuration is larger than ${configurationBytesMax} bytes` }]
    : []
}

/** Values that were set fit the schema they were set under; a new schema may disagree with them. */
function checkLayers({ schema, set_values, secret_ids }: ConfigurationLayers): ValueFault[] {
  const matches = createPatternMatcher()
  const plain = Object.entries(set_values).flatMap(([name, value]): ValueFault[] => {
    const setting = schema.properties?.[name]
    return setting === undefined || setting.secret === true
      ? [{ path: [name], detail: 'has a value that is not secret: unset it before it becomes one' }]
      : checkValue(value, setting, [name], matches)
  })
  const secret = Object.keys(secret_ids)
    .filter((name) => schema.properties?.[name]?.secret !== true)
    .map((name) => ({ path: [name], detail: 'has a value that is secret: unset it before it becomes plain' }))
  return [...plain, ...secret]
}

function refuseFaults(faults: ValueFault[]): void {
  if (faults.length > 0) {
    const errors = faults.slice(0, 50).map(({ path, detail }) => ({ pointer: `/${path.join('/')}`, detail }))
    const detail = `${errors[0]?.pointer} ${errors[0]?.detail}${faults.length > 1 ? `, and ${faults.length - 1} more` : ''}`
    throw new Problem(catalogErrors.configurationInvalid, { detail, errors })
  }
}
