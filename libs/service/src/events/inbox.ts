// The tables of sql/inbox.sql, within a transaction of the service.

import { type Kysely, sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { EventRecord } from './transport.ts'

/** Tables `inbox` and `dead_letters` of one schema, as one consumer group sees them. */
export interface Inbox {
  schema: string
  group: string
}

/** An event that was put aside, with the record as it came. */
export interface DeadLetter {
  id: string
  attempts: number
  record: EventRecord
}

/** Names the order that a record belongs to. */
export function orderOf({ topic, key }: Pick<EventRecord, 'topic' | 'key'>): string {
  return JSON.stringify([topic, key])
}

/** Marks the events as done and returns the ids of those that were not; waits for a transaction that is marking one of them. */
export async function markDone(trx: Kysely<unknown>, inbox: Inbox, ids: string[]): Promise<Set<string>> {
  // In the order of ids, so that two members that have the same events do not wait for each other.
  const { rows } = await sql<{ event_id: string }>`
    INSERT INTO ${tableOf(inbox, 'inbox')} (group_name, event_id)
    SELECT ${inbox.group}, id FROM unnest(${ids}::uuid[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING event_id`.execute(trx)
  return new Set(rows.map(({ event_id }) => event_id))
}

/**
 * Returns the orders of the records in which a dead letter stands, so that a later record has to wait behind it. They
 * stay as they are until the transaction ends.
 */
export async function findBlockedOrders(
  trx: Kysely<unknown>,
  inbox: Inbox,
  records: EventRecord[],
): Promise<Set<string>> {
  const seen = await queryBlocked(trx, inbox, records)
  if (seen.length === 0) {
    return new Set()
  }
  for (const order of seen.map(orderOf).sort()) {
    await lockOrder(trx, inbox, order)
  }
  // A replay may have emptied one before it could be locked.
  return new Set((await queryBlocked(trx, inbox, seen)).map(orderOf))
}

async function queryBlocked(
  trx: Kysely<unknown>,
  inbox: Inbox,
  orders: Pick<EventRecord, 'topic' | 'key'>[],
): Promise<{ topic: string; key: string }[]> {
  const { rows } = await sql<{ topic: string; key: string }>`
    SELECT DISTINCT d.topic, d.key FROM ${tableOf(inbox, 'dead_letters')} d
    JOIN unnest(${orders.map(({ topic }) => topic)}::text[], ${orders.map(({ key }) => key)}::text[]) AS o (topic, key)
      ON o.topic = d.topic AND o.key = d.key
    WHERE d.group_name = ${inbox.group}`.execute(trx)
  return rows
}

/** Keeps replays and consumers from changing the dead letters of an order at the same time, until the transaction ends. */
export async function lockOrder(trx: Kysely<unknown>, inbox: Inbox, order: string): Promise<void> {
  const name = `freehold dead letters ${inbox.schema} ${inbox.group} ${order}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx)
}

/** Puts a record behind all dead letters of its order; without a failure it only waits there. */
export async function putAside(
  trx: Kysely<unknown>,
  inbox: Inbox,
  record: EventRecord,
  failure?: { attempts: number; error: string },
): Promise<void> {
  await sql`
    INSERT INTO ${tableOf(inbox, 'dead_letters')}
      (id, group_name, event_id, type, topic, key, source, time, traceparent, data, attempts, error)
    VALUES (${uuidv7()}, ${inbox.group}, ${record.id}, ${record.type}, ${record.topic}, ${record.key}, ${record.source},
      ${record.time}, ${record.traceparent ?? null}, ${JSON.stringify(record.data)}, ${failure?.attempts ?? 0},
      ${failure?.error ?? null})`.execute(trx)
}

interface LetterRow extends Omit<EventRecord, 'id' | 'time' | 'traceparent'> {
  id: string
  event_id: string
  time: Date
  traceparent: string | null
  attempts: number
}

/** Returns the order that the letter stands in, or undefined when there is no such letter. */
export async function findOrderOfLetter(
  db: Kysely<unknown>,
  inbox: Inbox,
  id: string,
): Promise<{ topic: string; key: string } | undefined> {
  const { rows } = await sql<{ topic: string; key: string }>`
    SELECT topic, key FROM ${tableOf(inbox, 'dead_letters')} WHERE id = ${id} AND group_name = ${inbox.group}`.execute(
    db,
  )
  return rows[0]
}

/** Returns the letter that stands first in the order; the caller has locked the order. */
export async function findFirstLetter(
  trx: Kysely<unknown>,
  inbox: Inbox,
  order: Pick<EventRecord, 'topic' | 'key'>,
): Promise<DeadLetter | undefined> {
  const { rows } = await sql<LetterRow>`
    SELECT * FROM ${tableOf(inbox, 'dead_letters')}
    WHERE group_name = ${inbox.group} AND topic = ${order.topic} AND key = ${order.key}
    ORDER BY position LIMIT 1`.execute(trx)
  return rows[0] === undefined ? undefined : toLetter(rows[0])
}

function toLetter({
  id,
  event_id,
  type,
  topic,
  key,
  source,
  time,
  traceparent,
  data,
  attempts,
}: LetterRow): DeadLetter {
  const record = { id: event_id, type, topic, key, source, time: time.toISOString(), data }
  return { id, attempts, record: traceparent === null ? record : { ...record, traceparent } }
}

/** Removes a letter that was applied or given up. */
export async function removeLetter(trx: Transaction<unknown>, inbox: Inbox, id: string): Promise<void> {
  await sql`DELETE FROM ${tableOf(inbox, 'dead_letters')} WHERE id = ${id}`.execute(trx)
}

/** Notes another failure of a letter. */
export async function noteFailure(db: Kysely<unknown>, inbox: Inbox, id: string, error: string): Promise<void> {
  await sql`
    UPDATE ${tableOf(inbox, 'dead_letters')} SET attempts = attempts + 1, error = ${error} WHERE id = ${id}`.execute(db)
}

/** Forgets events that were done so long ago that no transport delivers them again; returns how many. */
export async function pruneInbox(db: Kysely<unknown>, inbox: Inbox, days: number, limit: number): Promise<number> {
  const table = tableOf(inbox, 'inbox')
  const { numAffectedRows } = await sql`
    DELETE FROM ${table} WHERE (group_name, event_id) IN (
      SELECT group_name, event_id FROM ${table}
      WHERE applied_at < now() - make_interval(days => ${days}) ORDER BY applied_at LIMIT ${limit}
    )`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** Returns a table of the inbox by its whole name. */
export function tableOf({ schema }: Inbox, name: 'inbox' | 'dead_letters') {
  return sql.table(`${schema}.${name}`)
}
