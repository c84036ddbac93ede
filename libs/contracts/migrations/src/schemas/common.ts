import { z } from 'zod'

/** A service's one name: database role, token subject and Kafka client as well. */
export const ServiceName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/)

/** What went wrong with a piece of work, for people; holds no secret. */
export const WorkProblem = z
  .object({
    code: z.string(),
    detail: z.string(),
    hint: z.string().nullable(),
    sqlstate: z.string().nullable(),
    migrationId: z.string().nullable(),
    lines: z.array(z.string()),
  })
  .meta({ id: 'WorkProblem' })
export type WorkProblem = z.infer<typeof WorkProblem>

/** Where a run ends: with the window open, or after the contract phase. */
export const RunPhase = z.enum(['expand', 'all'])
export type RunPhase = z.infer<typeof RunPhase>
