import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { RunPhase, ServiceName, WorkProblem } from './common.ts'

export const runStates = [
  'held',
  'planning',
  'awaitingApproval',
  'queued',
  'expanding',
  'windowOpen',
  'contractQueued',
  'contracting',
  'completed',
  'paused',
  'undoing',
  'undone',
  'failed',
  'rejected',
  'cancelled',
] as const
export const RunState = z.enum(runStates).meta({ id: 'RunState' })
export type RunState = z.infer<typeof RunState>

export const RunRequest = z.strictObject({
  migrationSetId: z.uuid(),
  phase: RunPhase.default('expand'),
  /** A plan made before; without it one is made now. */
  planId: z.uuid().optional(),
  /** The run starts then or later, within a maintenance window. */
  notBefore: Time.optional(),
})
export type RunRequest = z.output<typeof RunRequest>

export const ApprovalRequest = z.strictObject({
  decision: z.enum(['approved', 'rejected']),
  reason: z.string().trim().min(3).max(2000),
  /** The content hash of the plan that was read, so that no other plan is approved by it. */
  contentHash: z.string().max(128),
})
export type ApprovalRequest = z.infer<typeof ApprovalRequest>

export const Approval = z
  .object({
    decision: z.enum(['approved', 'rejected']),
    reason: z.string(),
    decidedBy: z.string(),
    contentHash: z.string(),
    at: Time,
  })
  .meta({ id: 'Approval' })
export type Approval = z.infer<typeof Approval>

export const Run = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    databaseId: z.uuid(),
    databaseName: z.string(),
    migrationSetId: z.uuid(),
    planId: z.uuid().nullable(),
    fleetRunId: z.uuid().nullable(),
    phase: RunPhase,
    state: RunState,
    /** What was asked of a run under way and is not done yet. */
    requested: z.enum(['pause', 'cancel']).nullable(),
    /** When it may go on at the earliest. */
    startsAt: Time,
    applied: z.array(z.string()),
    approval: Approval.nullable(),
    problem: WorkProblem.nullable(),
    /** Number of facts so far; also the position of the last one. */
    factsCount: z.number(),
    createdBy: z.string(),
    createdAt: Time,
    startedAt: Time.nullable(),
    finishedAt: Time.nullable(),
  })
  .meta({ id: 'Run' })
export type Run = z.infer<typeof Run>
