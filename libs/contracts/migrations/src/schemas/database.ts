import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { ServiceName } from './common.ts'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const ClockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    // The constructor is the only thing that knows the zones.
    return false
  }
}

/** A time of the week in which runs may start; `to` not after `from` lies on the next day. */
export const MaintenanceWindow = z
  .strictObject({
    weekdays: z.array(z.enum(weekdays)).min(1).max(7),
    from: ClockTime,
    to: ClockTime,
    zone: z.string().max(64).refine(isZone, 'is no time zone that is known here'),
  })
  .meta({ id: 'MaintenanceWindow' })
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>

/** How the service reaches a database: a URL, which is kept encrypted and never shown, or where it is found. */
export const Connection = z.union([
  z.strictObject({ url: z.string().min(1).max(2000) }),
  z.strictObject({
    /**
     * For the service `orders` `env:ORDERS_DATABASE_URL`, `env:ORDERS_DATABASE_URL_EU`, or `file:orders/url` in the folder
     * of secrets; what belongs to another service is refused.
     */
    reference: z
      .string()
      .max(500)
      .regex(/^(?:env:[A-Z][A-Z0-9_]*_DATABASE_URL(?:_[A-Z0-9_]+)?|file:[a-z][a-z0-9-]*\/[A-Za-z0-9][A-Za-z0-9._-]*)$/),
  }),
])
export type Connection = z.infer<typeof Connection>

const settings = {
  windows: z.array(MaintenanceWindow).max(50),
  /** `destructive`: a person approves plans that destroy something; `always`: every plan. */
  approval: z.enum(['destructive', 'always']),
  /** Longest time that a caller of the database waits for a step. */
  maxLockMs: z.int().min(1).max(60_000),
  /** How often the live schema is compared with what the last run left behind. */
  driftIntervalMs: z.int().min(1000).max(2_000_000_000),
}

export const DatabaseRegistration = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/),
  schema: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[^\0]*$/)
    .default('public'),
  connection: Connection,
  /** What is left out is as the service's strategies have it. */
  ...z.object(settings).partial().shape,
})
export type DatabaseRegistration = z.infer<typeof DatabaseRegistration>

export const DatabaseChange = z.strictObject({ connection: Connection, ...settings }).partial()
export type DatabaseChange = z.infer<typeof DatabaseChange>

/** A service's database, without what opens it. */
export const Database = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    name: z.string(),
    schema: z.string(),
    /** Where a given URL leads; null where a reference is followed. */
    address: z.object({ host: z.string(), port: z.number(), database: z.string(), user: z.string() }).nullable(),
    reference: z.string().nullable(),
    ...settings,
    driftCheckedAt: Time.nullable(),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: 'Database' })
export type Database = z.infer<typeof Database>

/** A difference between the live schema and what the last verified run left behind. */
export const DriftDifference = z
  .object({
    object: z.string(),
    what: z.string(),
    expected: z.string().nullable(),
    found: z.string().nullable(),
  })
  .meta({ id: 'DriftDifference' })

/** Drift of one database from when it was found until it was gone. */
export const DriftFinding = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    databaseId: z.uuid(),
    fingerprint: z.string(),
    differences: z.array(DriftDifference),
    foundAt: Time,
    resolvedAt: Time.nullable(),
  })
  .meta({ id: 'DriftFinding' })
export type DriftFinding = z.infer<typeof DriftFinding>

/** A run as the journal in the database itself has it, whoever started it. */
export const JournalRun = z
  .object({
    runId: z.string(),
    state: z.string(),
    migrations: z.array(z.string()),
    startedAt: z.string(),
    finishedAt: z.string().nullable(),
    steps: z.object({ total: z.number(), applied: z.number() }),
    waitedMsMax: z.number(),
    heldMsMax: z.number(),
    error: z.object({ sqlstate: z.string().nullable(), message: z.string() }).nullable(),
  })
  .meta({ id: 'JournalRun' })
export type JournalRun = z.infer<typeof JournalRun>
