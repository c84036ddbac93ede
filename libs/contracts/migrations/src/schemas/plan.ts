import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { ServiceName, WorkProblem } from './common.ts'

export const planStates = ['making', 'made', 'nothingPending', 'failed'] as const
export const PlanState = z.enum(planStates)
export type PlanState = z.infer<typeof PlanState>

/** The engine's plan as JSON that a person can read; `freehold migrate plan --json` describes it in full. */
export const PlanDocument = z
  .looseObject({
    formatVersion: z.number(),
    contentHash: z.string(),
    fingerprint: z.string(),
    serverMajor: z.number(),
    mode: z.enum(['asWritten', 'online']),
    migrations: z.array(z.object({ id: z.string(), checksum: z.string() })),
    statements: z.array(
      z.looseObject({ migrationId: z.string(), line: z.number(), sql: z.string(), reason: z.string() }),
    ),
    steps: z.array(z.looseObject({ id: z.string(), phase: z.string(), mechanism: z.string(), reason: z.string() })),
    warnings: z.array(z.string()),
    refusals: z.array(z.looseObject({ migrationId: z.string(), line: z.number(), reason: z.string() })),
  })
  .meta({ id: 'PlanDocument' })

/** A statement for which the policy wants a person's word. */
export const DestructiveStatement = z
  .object({
    migrationId: z.string(),
    line: z.number(),
    sql: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'DestructiveStatement' })
export type DestructiveStatement = z.infer<typeof DestructiveStatement>

export const Plan = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    databaseId: z.uuid(),
    migrationSetId: z.uuid(),
    state: PlanState,
    contentHash: z.string().nullable(),
    destructive: z.array(DestructiveStatement),
    warnings: z.array(z.string()),
    document: PlanDocument.nullable(),
    problem: WorkProblem.nullable(),
    createdBy: z.string(),
    createdAt: Time,
    finishedAt: Time.nullable(),
  })
  .meta({ id: 'Plan' })
export type Plan = z.infer<typeof Plan>
