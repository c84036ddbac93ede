import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { Json, ServiceId } from './identifiers.ts'
import { ConfigurationSchema } from './setting-schema.ts'

/** One setting and where its value comes from. The value of a secret is never here. */
export const Setting = z
  .object({
    secret: z.boolean(),
    required: z.boolean(),
    origin: z.enum(['unset', 'default', 'file', 'set']),
    value: Json.optional(),
    /** Changes whenever a secret is given a new value. */
    secretId: z.uuid().optional(),
  })
  .meta({ id: 'Setting' })
export type Setting = z.output<typeof Setting>

/** One version of a service's configuration. */
export const Configuration = z
  .object({
    serviceId: ServiceId,
    version: z.int(),
    schema: ConfigurationSchema,
    settings: z.record(z.string(), Setting),
    /** Required settings that have no value yet. */
    missing: z.array(z.string()),
    restoredFrom: z.int().nullable(),
    changedBy: z.string(),
    changedAt: Time,
  })
  .meta({ id: 'Configuration' })
export type Configuration = z.output<typeof Configuration>

/** Every value, secrets among them: what the service itself starts with. */
export const ConfigurationValues = z
  .object({ serviceId: ServiceId, version: z.int(), values: z.record(z.string(), Json) })
  .meta({ id: 'ConfigurationValues' })
