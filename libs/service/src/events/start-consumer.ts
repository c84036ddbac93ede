import type { Kysely } from 'kysely'
import { type Applying, applyRecords } from './apply-records.ts'
import type { EventHandler } from './event-handler.ts'
import { type Inbox, pruneInbox } from './inbox.ts'
import { type ReplayOutcome, replayLetter } from './replay-letters.ts'
import type { EventTransport } from './transport.ts'
import { toErrorText, type Worker, type WorkerLog, type WorkerStatus } from './worker.ts'

export interface ConsumerOptions<Tables> {
  db: Kysely<Tables>
  schema: string
  transport: EventTransport
  /** The service's name, or one that starts with it and a dot. */
  group: string
  handlers: EventHandler[]
  /** How often an event whose handler failed is tried again before it becomes a dead letter. */
  retriesMax?: number
  log: WorkerLog
}

export interface Consumer extends Worker {
  /** Applies a dead letter and what waits behind it. */
  replay(letterId: string): Promise<ReplayOutcome>
  /** Gives a dead letter up for good and applies what waits behind it. */
  discard(letterId: string): Promise<ReplayOutcome>
}

const retriesMaxDefault = 5
// Longer than a transport keeps records, and longer than a relay may be down between publishing and deleting.
const inboxDays = 30
const pruneEveryMs = 10 * 60_000
const prunedRowsMax = 10_000

/** Starts applying the events of the handlers, each once in effect, in order within a key. */
export function startConsumer<Tables>(options: ConsumerOptions<Tables>): Consumer {
  const { transport, group, handlers, log } = options
  const stop = new AbortController()
  const db = options.db as unknown as Kysely<unknown>
  const inbox: Inbox = { schema: options.schema, group }
  const handlersByType = new Map(handlers.map((handler) => [handler.event.type, handler]))
  const retriesMax = options.retriesMax ?? retriesMaxDefault
  const applying: Applying = { db, inbox, handlersByType, retriesMax, log, signal: stop.signal }
  const status: WorkerStatus = { state: 'starting' }

  const subscribing = transport.subscribe({
    group,
    topics: [...new Set(handlers.map(({ event }) => event.topic))],
    signal: stop.signal,
    async onRecords(records) {
      try {
        await applyRecords(applying, records)
        status.state = 'consuming'
        delete status.lastError
      } catch (error) {
        status.state = 'failing'
        status.lastError = toErrorText(error)
        log.warn({ err: error, group }, 'could not apply events; they come again')
        throw error
      }
    },
  })
  const pruning = setInterval(() => {
    pruneInbox(db, inbox, inboxDays, prunedRowsMax).catch((error: unknown) => {
      log.warn({ err: error, group }, 'could not prune the inbox')
    })
  }, pruneEveryMs)
  pruning.unref()

  return {
    async close() {
      clearInterval(pruning)
      stop.abort()
      await subscribing.then((subscription) => subscription.close())
      status.state = 'closed'
    },
    status: () => ({ ...status }),
    replay: (letterId) => replayLetter(applying, letterId, 'apply'),
    discard: (letterId) => replayLetter(applying, letterId, 'discard'),
  }
}
