// Applies records with their handlers so that each takes effect once. The mark in the inbox and the effect are one
// transaction; a batch is one transaction as long as nothing fails, and one for each record when something does.

import { isUnreachable, sqlstateOf, sqlstates } from '@freehold/postgres'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Kysely, Transaction } from 'kysely'
import type { EventHandler } from './event-handler.ts'
import { findBlockedOrders, type Inbox, markDone, orderOf, putAside } from './inbox.ts'
import type { EventRecord } from './transport.ts'
import { backoffAfter, pause, toErrorText, type WorkerLog } from './worker.ts'

/** What applying records needs. */
export interface Applying {
  db: Kysely<unknown>
  inbox: Inbox
  handlersByType: Map<string, EventHandler>
  retriesMax: number
  log: WorkerLog
  signal: AbortSignal
}

/**
 * Applies the records that have a handler. A record whose handler goes on failing becomes a dead letter, and later ones
 * of its key wait behind it. Rejects when the database fails, or when the signal comes while records are to be retried;
 * what was applied by then is in the inbox.
 */
export async function applyRecords(applying: Applying, records: EventRecord[]): Promise<void> {
  const wanted = records.filter(({ type }) => applying.handlersByType.has(type))
  if (wanted.length === 0) {
    return
  }
  try {
    await applyTogether(applying, wanted)
  } catch (error) {
    if (isTransient(error)) {
      throw error
    }
    await applyOneByOne(applying, wanted)
  }
}

async function applyTogether({ db, inbox, handlersByType }: Applying, records: EventRecord[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const fresh = await markDone(
      trx,
      inbox,
      records.map(({ id }) => id),
    )
    // Asked after the marks: whoever puts an earlier record of the same key aside marks it first.
    const blocked = await findBlockedOrders(
      trx,
      inbox,
      records.filter(({ id }) => fresh.has(id)),
    )
    for (const record of records) {
      // A record may stand twice in a batch.
      if (!fresh.delete(record.id)) {
        continue
      }
      if (blocked.has(orderOf(record))) {
        await putAside(trx, inbox, record)
      } else {
        await applyRecord(handlersByType, trx, record)
      }
    }
  })
}

/** Lets the handler of the record's type do its work; throws when there is none, or the data are not as the event's schema says. */
export async function applyRecord(
  handlersByType: Map<string, EventHandler>,
  trx: Transaction<unknown>,
  record: EventRecord,
): Promise<void> {
  const handler = handlersByType.get(record.type)
  if (handler === undefined) {
    throw new Error(`no handler applies events of type ${record.type}`)
  }
  const data = handler.event.data.parse(record.data)
  const sender = record.traceparent === undefined ? {} : { traceparent: record.traceparent }
  const parent = propagation.extract(context.active(), sender)
  const attributes = { 'messaging.destination.name': record.topic, 'messaging.message.id': record.id }
  const options = { kind: SpanKind.CONSUMER, attributes }
  await trace.getTracer('freehold.events').startActiveSpan(`apply ${record.type}`, options, parent, async (span) => {
    try {
      await handler.apply(trx, data, record)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: toErrorText(error) })
      throw error
    } finally {
      span.end()
    }
  })
}

/** Rounds over what is left: a record that fails holds up only its own key, until it succeeds or becomes a dead letter. */
async function applyOneByOne(applying: Applying, records: EventRecord[]): Promise<void> {
  const { retriesMax, log, signal } = applying
  let left = records
  for (let round = 1; left.length > 0; round += 1) {
    const failing = new Set<string>()
    const later: EventRecord[] = []
    for (const record of left) {
      if (failing.has(orderOf(record))) {
        later.push(record)
        continue
      }
      try {
        await applyTogether(applying, [record])
      } catch (error) {
        if (isTransient(error)) {
          throw error
        }
        const { id, type, key } = record
        if (round > retriesMax) {
          log.error({ err: error, id, type, key, attempts: round }, 'an event became a dead letter')
          await putFailedAside(applying, record, round, error)
        } else {
          log.warn({ err: error, id, type, key, attempts: round }, 'could not apply an event')
          failing.add(orderOf(record))
          later.push(record)
        }
      }
    }
    left = later
    if (left.length > 0) {
      await pause(backoffAfter(round), signal)
      if (signal.aborted) {
        throw new Error('closed while events were to be applied again')
      }
    }
  }
}

async function putFailedAside(
  { db, inbox }: Applying,
  record: EventRecord,
  attempts: number,
  error: unknown,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const fresh = await markDone(trx, inbox, [record.id])
    if (fresh.has(record.id)) {
      await putAside(trx, inbox, record, { attempts, error: toErrorText(error) })
    }
  })
}

const transientSqlstates: ReadonlySet<string> = new Set([
  sqlstates.serializationFailure,
  sqlstates.deadlockDetected,
  sqlstates.lockNotAvailable,
  sqlstates.adminShutdown,
  // The statement timeout: the server was too slow, whatever the event says.
  sqlstates.queryCanceled,
])

/** Tells whether the database failed and not the event, so that trying again costs the event no attempt. */
export function isTransient(error: unknown): boolean {
  const state = sqlstateOf(error)
  // Class 53 is a server without room, memory or connections.
  return isUnreachable(error) || (state !== undefined && (transientSqlstates.has(state) || state.startsWith('53')))
}
