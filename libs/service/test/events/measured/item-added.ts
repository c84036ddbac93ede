import { defineEvent } from '@freehold/contracts-base'
import { z } from 'zod'

/** The event that is measured; `n` numbers it within a run. */
export const itemAdded = defineEvent({
  type: 'freehold.orders.item.added.v1',
  topic: 'freehold.orders.item.v1',
  data: z.object({ run: z.int(), n: z.int(), name: z.string(), cents: z.int() }),
})
