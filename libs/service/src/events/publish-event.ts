import type { EventDefinition } from '@freehold/contracts-base'
import { context, propagation } from '@opentelemetry/api'
import type { Kysely } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { z } from 'zod'
import { holdsNul } from './holds-nul.ts'

/** The row of table `outbox`, as Kysely's types want it. */
export interface OutboxTable {
  id: string
  type: string
  topic: string
  key: string
  traceparent: string | null
  data: string
}

// A Kafka broker takes a batch of up to 1 MB; what is accepted here has to fit into one with its attributes.
const eventBytesMax = 512 * 1024

/**
 * Writes the event into the outbox of the service, in the transaction that makes the change: both are there or neither.
 * Call it after the change, when the aggregate's row is locked: later changes of the key then come later in the outbox.
 * Throws when the data are not what the event's schema says, or larger than 512 KiB as JSON, or
 * when they or the key have a NUL character, which no consumer could store.
 */
export async function publishEvent<Tables, S extends z.ZodType>(
  trx: Kysely<Tables>,
  event: EventDefinition<S>,
  key: string,
  data: z.input<S>,
): Promise<void> {
  if (!trx.isTransaction) {
    throw new Error(`${event.type} was published outside of a transaction`)
  }
  const json = JSON.stringify(event.data.parse(data))
  if (Buffer.byteLength(json) > eventBytesMax) {
    throw new Error(`${event.type} of key ${key} is larger than ${eventBytesMax} bytes`)
  }
  if (key.includes('\0') || holdsNul(json)) {
    throw new Error(`${event.type} has a NUL character in its key or data`)
  }
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  await (trx as unknown as Kysely<{ outbox: OutboxTable }>)
    .insertInto('outbox')
    .values({
      id: uuidv7(),
      type: event.type,
      topic: event.topic,
      key,
      traceparent: carrier.traceparent ?? null,
      data: json,
    })
    .execute()
}
