import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { EventType, Json, SemanticVersion, ServiceId } from './identifiers.ts'
import { Strategy } from './strategy.ts'

/** A service that the platform knows. */
export const Service = z
  .object({
    id: ServiceId,
    strategyVersion: z.int(),
    configurationVersion: z.int(),
    /** The release that was registered last; null before the first. */
    latestRelease: SemanticVersion.nullable(),
    registeredBy: z.string(),
    registeredAt: Time,
  })
  .meta({ id: 'Service' })
export type Service = z.output<typeof Service>

/** One version of a service's strategies: the text of its freehold.yaml, and what it means. */
export const StrategyVersion = z
  .object({
    serviceId: ServiceId,
    version: z.int(),
    text: z.string(),
    strategy: Strategy,
    /** The earlier version that a rollback put back. */
    restoredFrom: z.int().nullable(),
    appliedBy: z.string(),
    appliedAt: Time,
  })
  .meta({ id: 'StrategyVersion' })
export type StrategyVersion = z.output<typeof StrategyVersion>

/** A version in a list, without its contents. */
export const VersionEntry = z
  .object({ version: z.int(), restoredFrom: z.int().nullable(), by: z.string(), at: Time })
  .meta({ id: 'VersionEntry' })

/** One value that differs; a side is left out where there is nothing. */
export const Change = z
  .object({ pointer: z.string(), before: Json.optional(), after: Json.optional() })
  .meta({ id: 'Change' })
export type Change = z.output<typeof Change>

/** What differs between two versions. */
export const VersionDifference = z
  .object({ from: z.int(), to: z.int(), changes: z.array(Change) })
  .meta({ id: 'VersionDifference' })

/** One fault of a freehold.yaml; line and column count from 1. */
export const FileFault = z
  .object({ line: z.int(), column: z.int(), pointer: z.string(), detail: z.string() })
  .meta({ id: 'FileFault' })

/** A service that depends on another. */
export const Consumption = z
  .object({
    consumer: ServiceId,
    kind: z.enum(['api', 'event']),
    /** The service whose API is called, or the type of the event that is handled. */
    name: z.union([ServiceId, EventType]),
  })
  .meta({ id: 'Consumption' })
