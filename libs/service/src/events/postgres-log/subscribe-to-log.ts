// A member of a consumer group of the events log. It fetches, delivers and commits one batch after the other, and renews
// its lease beside that, all over one session. The member keeps its id when the session breaks, so that a batch that was
// delivered meanwhile can still be committed if no other member got the partition.

import { randomUUID } from 'node:crypto'
import type { EventRecord, SubscribeOptions, Subscription } from '../transport.ts'
import { backoffAfter, pause, type WorkerLog } from '../worker.ts'
import { createSession, type Session } from './session.ts'

export interface LogSubscribeOptions extends SubscribeOptions {
  url: string
  instance: string
  applicationName: string
  leaseMs: number
  log: WorkerLog | undefined
}

const fetchRecords = 1_000
/** How long to wait for a hint after an empty fetch; a hint that was missed costs no more than this. */
const pollMs = 1_000

interface FetchedRow {
  partition_id: number
  generation: string
  record_offset: string
  topic: string
  key: string
  id: string
  type: string
  source: string
  time: Date
  traceparent: string | null
  data: unknown
}

/** Starts consuming; tries again until it is closed, whatever fails. */
export function subscribeToLog(options: LogSubscribeOptions): Subscription {
  const { group, topics, log } = options
  const stop = new AbortController()
  const stopped = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const hint = createHint(stopped)
  const session = createSession({
    url: options.url,
    applicationName: options.applicationName,
    async onOpen(client) {
      client.on('notification', ({ payload }) => {
        if (payload !== undefined && (payload === group || topics.includes(payload))) {
          hint.give()
        }
      })
      await client.query('LISTEN freehold_events')
    },
  })
  const running = runMember(options, session, hint, stopped).catch((error: unknown) => {
    log?.error({ err: error, group }, 'the subscription ended')
  })
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

async function runMember(
  options: LogSubscribeOptions,
  session: Session,
  hint: Hint,
  stopped: AbortSignal,
): Promise<void> {
  const { group, log } = options
  const member = randomUUID()
  const renew = (): Promise<unknown> =>
    session.query({
      name: 'join-group',
      text: 'SELECT events.join_group($1, $2, $3, $4, $5)',
      values: [group, member, options.topics, options.instance, options.leaseMs],
    })
  const renewing = setInterval(
    () => {
      // What is wrong with the session, the fetch or the commit reports as well.
      renew().catch(() => {})
    },
    Math.min(pollMs, options.leaseMs / 3),
  )
  for (let failures = 0; !stopped.aborted; ) {
    try {
      await renew()
      while (!stopped.aborted) {
        await consumeBatch(options, session, member, hint)
        failures = 0
      }
    } catch (error) {
      failures += 1
      log?.warn({ err: error, group, failures }, 'could not consume; the records come again')
      await pause(backoffAfter(failures), stopped)
    }
  }
  clearInterval(renewing)
  try {
    await session.query({ name: 'leave-group', text: 'SELECT events.leave_group($1, $2)', values: [group, member] })
  } catch (error) {
    // The lease ends by itself.
    log?.warn({ err: error, group }, 'could not leave the group')
  }
  await session.close()
}

/** Fetches, delivers and commits; throws when any of them fails, and then nothing is committed. */
async function consumeBatch(
  { group, onRecords, log }: LogSubscribeOptions,
  session: Session,
  member: string,
  hint: Hint,
): Promise<void> {
  hint.forget()
  const { rows } = await session.query<FetchedRow>({
    name: 'fetch-records',
    text: 'SELECT * FROM events.fetch_records($1, $2, $3)',
    values: [group, member, fetchRecords],
  })
  if (rows.length === 0) {
    await hint.wait(pollMs)
    return
  }
  await onRecords(rows.map(toRecord))
  const lastRows = [...new Map(rows.map((row) => [row.partition_id, row])).values()]
  const committed = await session.query<{ moved: number }>({
    name: 'commit-offsets',
    text: 'SELECT events.commit_offsets($1, $2, $3, $4, $5) AS moved',
    values: [
      group,
      member,
      lastRows.map(({ partition_id }) => partition_id),
      lastRows.map(({ generation }) => generation),
      lastRows.map(({ record_offset }) => String(BigInt(record_offset) + 1n)),
    ],
  })
  const refused = lastRows.length - (committed.rows[0]?.moved ?? 0)
  if (refused > 0) {
    log?.info(
      { group, partitions: refused },
      'lost partitions while working on them; their records go to another member',
    )
  }
}

function toRecord(row: FetchedRow): EventRecord {
  const { id, type, topic, key, source, time, traceparent, data } = row
  const record = { id, type, topic, key, source, time: time.toISOString(), data }
  return traceparent === null ? record : { ...record, traceparent }
}

interface Hint {
  give(): void
  forget(): void
  /** Resolves when a hint has been given since the last `forget`, when the subscription ends, or after the time. */
  wait(durationMs: number): Promise<void>
}

function createHint(stopped: AbortSignal): Hint {
  let given = new AbortController()
  return {
    give: () => given.abort(),
    forget() {
      given = new AbortController()
    },
    wait: (durationMs) => pause(durationMs, AbortSignal.any([given.signal, stopped])),
  }
}
