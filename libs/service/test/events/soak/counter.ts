import { defineEvent } from '@freehold/contracts-base'
import type { Generated } from 'kysely'
import { z } from 'zod'

/** The event of the soak: the counter of a key went up to `version`. */
export const counterRaised = defineEvent({
  type: 'freehold.orders.counter.raised.v1',
  topic: 'freehold.orders.counter.v1',
  data: z.object({ version: z.int() }),
})

export const ordersTables = `
  CREATE TABLE counters (key text PRIMARY KEY, version integer NOT NULL DEFAULT 0);
  INSERT INTO counters (key) SELECT 'key ' || n FROM generate_series(1, 200) AS n;
  CREATE TABLE notes (id bigserial PRIMARY KEY)`

// No key on effects that could hide an event's second effect.
export const billingTables = `
  CREATE TABLE effects (position bigserial PRIMARY KEY, key text NOT NULL, version integer NOT NULL)`

export interface OrdersTables {
  counters: { key: string; version: number }
  notes: { id: Generated<number> }
}

export interface BillingTables {
  effects: { position: Generated<number>; key: string; version: number }
}
