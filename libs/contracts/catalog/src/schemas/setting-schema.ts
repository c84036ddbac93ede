// The part of JSON Schema in which a service declares its settings. A keyword outside it is refused rather than passed
// over: a rule that nobody checks is worse than none.

import { z } from 'zod'
import { Json, SettingName } from './identifiers.ts'

/** Formats that a string setting may have to keep to. */
export const settingFormats = [
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'time',
  'uri',
  'uuid',
] as const

const Count = z.int().min(0).max(1_000_000)

const ownKeywords = {
  type: z.enum(['string', 'integer', 'number', 'boolean', 'array', 'object']),
  title: z.string().max(200).optional(),
  description: z.string().max(2000).optional(),
  default: Json.optional(),
  enum: z.array(Json).min(1).max(500).optional(),
  const: Json.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
  minLength: Count.optional(),
  maxLength: Count.optional(),
  pattern: z.string().max(500).optional(),
  format: z.enum(settingFormats).optional(),
  minItems: Count.optional(),
  maxItems: Count.optional(),
  uniqueItems: z.boolean().optional(),
  required: z.array(z.string()).max(200).optional(),
  additionalProperties: z.boolean().optional(),
}

/** JSON Schema of one value inside a setting. */
export type ValueSchema = z.output<z.ZodObject<typeof ownKeywords>> & {
  items?: ValueSchema | undefined
  properties?: Record<string, ValueSchema> | undefined
}
// Made anew for each schema: one that two of them share would be a part that contains itself and has no name.
const nested = () => ({
  items: z.lazy(() => ValueSchema).optional(),
  properties: z
    .record(
      z.string(),
      z.lazy(() => ValueSchema),
    )
    .optional(),
})

export const ValueSchema: z.ZodType<ValueSchema, ValueSchema> = z
  .strictObject({ ...ownKeywords, ...nested() })
  .meta({ id: 'ValueSchema' })

/** JSON Schema of one setting; `secret: true` keeps its value encrypted and out of every answer, event and log. */
export const SettingSchema = z
  .strictObject({
    ...ownKeywords,
    ...nested(),
    secret: z.boolean().optional().describe('Kept encrypted, and never shown'),
  })
  .meta({ id: 'SettingSchema' })

/** JSON Schema of a service's whole configuration. */
export const ConfigurationSchema = z
  .strictObject({
    type: z.literal('object').optional(),
    properties: z.record(SettingName, SettingSchema).optional(),
    required: z.array(SettingName).max(500).optional(),
    additionalProperties: z.literal(false).optional(),
  })
  .meta({ id: 'ConfigurationSchema' })

export type SettingSchema = z.output<typeof SettingSchema>
export type ConfigurationSchema = z.output<typeof ConfigurationSchema>
