import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { SemanticVersion, ServiceId } from './identifiers.ts'

/** Name of an instance among those of its service. */
export const InstanceId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, ., _ and -, at most 63')

/** What an instance says of itself, at its start and as its heartbeat. */
export const InstanceReport = z.strictObject({
  version: SemanticVersion,
  address: z.url().max(300).optional().describe('Where it answers'),
  /** How long it counts as running after its last report. */
  lifetimeMs: z.int().min(1000).max(600_000).default(30_000),
})

/** A running instance of a service. */
export const Instance = z
  .object({
    serviceId: ServiceId,
    instanceId: InstanceId,
    version: SemanticVersion,
    address: z.string().nullable(),
    registeredAt: Time,
    lastSeenAt: Time,
    expiresAt: Time,
  })
  .meta({ id: 'Instance' })
export type Instance = z.output<typeof Instance>
