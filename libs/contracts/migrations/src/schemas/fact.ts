import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { RunState } from './run.ts'

const Blocker = z.object({
  pid: z.number().nullable(),
  application: z.string(),
  user: z.string(),
  ageMs: z.number(),
  state: z.string(),
  query: z.string().nullable(),
})

/** What happens while a run is worked on: what the engine tells, and each change of the run's state. */
export const Fact = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('preparing'),
      what: z.enum(['connect', 'inspect', 'rehearse', 'plan', 'prove']),
      detail: z.string().optional(),
    }),
    z.object({
      kind: z.literal('phaseStarted'),
      phase: z.enum(['expand', 'backfill', 'contract', 'undo']),
      steps: z.number(),
    }),
    z.object({
      kind: z.literal('stepStarted'),
      stepId: z.string(),
      position: z.number(),
      steps: z.number(),
      reason: z.string(),
      sql: z.string(),
    }),
    z.object({
      kind: z.literal('stepProgress'),
      stepId: z.string(),
      what: z.enum(['rows', 'blocks', 'lockers']),
      done: z.number(),
      total: z.number().nullable(),
      perSecond: z.number().nullable(),
      remainingMs: z.number().nullable(),
    }),
    z.object({
      kind: z.literal('waiting'),
      stepId: z.string(),
      relation: z.string().nullable(),
      mode: z.string().nullable(),
      waitedMs: z.number(),
      attempts: z.number(),
      blockers: z.array(Blocker),
    }),
    z.object({
      kind: z.literal('stepFinished'),
      stepId: z.string(),
      durationMs: z.number(),
      waitedMs: z.number(),
      heldMs: z.number(),
      rows: z.number().nullable(),
    }),
    z.object({
      kind: z.literal('takingBack'),
      stepId: z.string(),
      sqlstate: z.string().nullable(),
      message: z.string(),
    }),
    z.object({ kind: z.literal('note'), text: z.string() }),
    z.object({
      kind: z.literal('stateChanged'),
      from: RunState.nullable(),
      to: RunState,
      detail: z.string().nullable(),
    }),
  ])
  .meta({ id: 'Fact' })
export type Fact = z.infer<typeof Fact>

/** One fact of a run with its place; `position` is the event id of the stream, from 1 without gaps. */
export const RunFact = z.object({ position: z.number(), time: Time, fact: Fact }).meta({ id: 'RunFact' })
export type RunFact = z.infer<typeof RunFact>
