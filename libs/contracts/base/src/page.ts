// Lists in pages, alike in every contract.

import { z } from 'zod'

/** A point in time, in UTC. */
export const Time = z.iso.datetime()

/** A query's page: how many, and after which. */
export const pageQuery = {
  limit: z.int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional().describe('nextCursor of the page before'),
}

/** Returns the schema of one page of things. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
