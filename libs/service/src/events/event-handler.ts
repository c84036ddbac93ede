import type { EventDefinition } from '@freehold/contracts-base'
import type { Transaction } from 'kysely'
import type { z } from 'zod'
import type { EventRecord } from './transport.ts'

/** What a service does about an event. */
export interface EventHandler {
  event: EventDefinition
  /** Makes the effect in the transaction. It may be called again when that is rolled back, so it should do nothing outside of it. */
  // The schema in `event` has checked the data, whose type `on` gives to the function.
  apply(trx: Transaction<unknown>, data: unknown, record: EventRecord): Promise<void>
}

/** Returns the handler of an event; its function gets the data in the type of the event's schema. */
export function on<S extends z.ZodType, Tables>(
  event: EventDefinition<S>,
  apply: (trx: Transaction<Tables>, data: z.output<S>, record: EventRecord) => Promise<void>,
): EventHandler {
  return {
    event,
    apply: (trx, data, record) => apply(trx as unknown as Transaction<Tables>, data as z.output<S>, record),
  }
}
