import type { DeadLetter, TopicReplay, WholeDeadLetter } from '@freehold/contracts-base'
import type { Kysely } from 'kysely'
import { type Applying, applyRecords } from './apply-records.ts'
import type { EventHandler } from './event-handler.ts'
import { type Inbox, pruneInbox } from './inbox.ts'
import { findLetter, type LetterQuery, listLetters } from './read-letters.ts'
import { type ReplayOutcome, replayLetter, replayTopic } from './replay-letters.ts'
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
  /** Returns its dead letters without their data, the oldest first. */
  listLetters(query: LetterQuery): Promise<DeadLetter[]>
  findLetter(letterId: string): Promise<WholeDeadLetter | undefined>
  /** Applies a dead letter and what waits behind it, until the signal. */
  replay(letterId: string, signal?: AbortSignal): Promise<ReplayOutcome>
  /** Applies the dead letters of a topic, key by key, until the signal; `after` is the cursor of the call before. */
  replayTopic(topic: string, after: string | undefined, signal: AbortSignal): Promise<TopicReplay>
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
  const prune = async (): Promise<void> => {
    let pruned = prunedRowsMax
    while (pruned === prunedRowsMax && !stop.signal.aborted) {
      pruned = await pruneInbox(db, inbox, inboxDays, prunedRowsMax)
    }
  }
  const pruning = setInterval(() => {
    prune().catch((error: unknown) => {
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
    listLetters: (query) => listLetters(db, inbox, query),
    findLetter: (letterId) => findLetter(db, inbox, letterId),
    replay: (letterId, signal) => replayLetter(applying, letterId, 'apply', signal),
    replayTopic: (topic, after, signal) => replayTopic(applying, topic, after, signal),
    discard: (letterId) => replayLetter(applying, letterId, 'discard'),
  }
}
