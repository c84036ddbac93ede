import { z } from 'zod'

/** Name of a service: its database role, its schema, its token subject and its Kafka client all bear it. */
export const ServiceId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,47}$/, 'lower case letters, digits and -, at most 48, a letter first')
  .describe('Name of the service')

/** A version by Semantic Versioning 2.0.0, without build metadata, which has no place in its order. */
export const SemanticVersion = z
  .string()
  .max(64)
  .regex(
    /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$/,
    'a version such as 1.4.0 or 2.0.0-rc.1',
  )

/** Type of an event, for example shop.orders.order.placed.v1. */
export const EventType = z
  .string()
  .max(200)
  .regex(/^[a-z][a-zA-Z0-9]*(?:[.-][a-zA-Z0-9]+)*$/, 'words joined by dots')

/** Name of a setting of a service's configuration. */
export const SettingName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'letters, digits, _, . and -, a letter first')

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** Any JSON value, nested as deeply as its reader allows. */
export const Json: z.ZodType<JsonValue, JsonValue> = z
  .union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(z.lazy(() => Json)),
    z.record(
      z.string(),
      z.lazy(() => Json),
    ),
  ])
  .meta({ id: 'Json' })
