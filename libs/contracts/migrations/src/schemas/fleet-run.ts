import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { RunPhase, ServiceName, WorkProblem } from './common.ts'

export const fleetRunStates = ['canary', 'rollingOut', 'paused', 'stopping', 'completed', 'stopped'] as const
export const FleetRunState = z.enum(fleetRunStates)
export type FleetRunState = z.infer<typeof FleetRunState>

export const FleetRunRequest = z.strictObject({
  migrationSetId: z.uuid(),
  phase: RunPhase.default('expand'),
  /** Each once; all of the service's databases if it is left out. */
  databaseIds: z.array(z.uuid()).min(1).max(1000).optional(),
  /** Migrated first and alone; the first of the databases by name if it is left out. */
  canaryDatabaseId: z.uuid().optional(),
  /** How many databases are worked on at the same time after the canary. */
  parallelMax: z.int().min(1).max(100).default(4),
})
export type FleetRunRequest = z.output<typeof FleetRunRequest>

export const FleetRun = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    migrationSetId: z.uuid(),
    phase: RunPhase,
    canaryDatabaseId: z.uuid(),
    parallelMax: z.number(),
    state: FleetRunState,
    /** How many of its runs are in which state. */
    runs: z.record(z.string(), z.number()),
    problem: WorkProblem.nullable(),
    createdBy: z.string(),
    createdAt: Time,
    finishedAt: Time.nullable(),
  })
  .meta({ id: 'FleetRun' })
export type FleetRun = z.infer<typeof FleetRun>
