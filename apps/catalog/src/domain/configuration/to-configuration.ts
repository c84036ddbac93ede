import type { Configuration, JsonValue, Setting, SettingSchema } from '@freehold/contracts-catalog'
import type { ConfigurationRow } from '../../store/schema.ts'

/** What a version of a configuration is made of; of each setting the last of default, file and set counts. */
export type ConfigurationLayers = Pick<ConfigurationRow, 'schema' | 'file_values' | 'set_values' | 'secret_ids'>

/** Returns what callers see of a version: everything but the values of secrets. */
export function toConfiguration(row: ConfigurationRow): Configuration {
  const settings = settingsOf(row)
  return {
    serviceId: row.service_id,
    version: row.version,
    schema: row.schema,
    settings,
    missing: Object.keys(settings).filter((name) => settings[name]?.required && settings[name].origin === 'unset'),
    restoredFrom: row.restored_from,
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  }
}

/** Returns each declared setting with its value and where that comes from. */
export function settingsOf(layers: ConfigurationLayers): Record<string, Setting> {
  const required = new Set(layers.schema.required ?? [])
  const entries = Object.entries(layers.schema.properties ?? {}).map(([name, schema]) => {
    const common = { secret: schema.secret === true, required: required.has(name) }
    return [name, { ...common, ...effectiveValue(name, schema, layers) }]
  })
  return Object.fromEntries(entries)
}

function effectiveValue(
  name: string,
  schema: SettingSchema,
  { secret_ids, set_values, file_values }: ConfigurationLayers,
): Pick<Setting, 'origin' | 'value' | 'secretId'> {
  const secretId = secret_ids[name]
  if (schema.secret === true) {
    return secretId === undefined ? { origin: 'unset' } : { origin: 'set', secretId }
  }
  const layers: [Setting['origin'], JsonValue | undefined][] = [
    ['set', set_values[name]],
    ['file', file_values[name]],
    ['default', schema.default],
  ]
  const [origin, value] = layers.find((layer) => layer[1] !== undefined) ?? ['unset' as const, undefined]
  return value === undefined ? { origin: 'unset' } : { origin, value }
}
