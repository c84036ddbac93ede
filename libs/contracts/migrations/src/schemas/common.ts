import { z } from 'zod'

/** A service's one name: database role, token subject and Kafka client as well. */
export const ServiceName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/)

/** A point in time, in UTC. */
export const Time = z.iso.datetime()

/** A query's page: how many rows, and after which. */
export const pageQuery = {
  limit: z.int().min(1).max(200).default(50),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(200).optional(),
}

/** Returns the schema of one page of things. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

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
