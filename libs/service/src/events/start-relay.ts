// The relay publishes what was committed to the outbox and deletes it once the transport has it. It reads in the order of
// position and keeps no cursor, so an event that commits late is found whenever it appears. Why that order is right within
// a key: docs/decisions/0003-outbox-order.md.

import { type Client, connect, quoteQualified } from '@freehold/postgres'
import { applicationName, type ServiceIdentity } from '../identity.ts'
import { createOutboxFloor, type OutboxFloor } from './outbox-floor.ts'
import type { EventRecord, EventTransport } from './transport.ts'
import {
  backoffAfter,
  endSoonAfter,
  pause,
  toErrorText,
  type Worker,
  type WorkerLog,
  type WorkerStatus,
} from './worker.ts'

export interface RelayOptions {
  databaseUrl: string
  schema: string
  transport: EventTransport
  identity: ServiceIdentity
  log: WorkerLog
}

const batchRecords = 1_000
const batchBytes = 4 * 1024 * 1024
/** How long to wait after an empty look: doubles from the first to the last value while nothing comes. */
const idleMs = { first: 5, max: 100 }
const standbyMs = 250
// A relay that hangs keeps its lock as long as its session lives; the server ends a session that says nothing for so long.
const silenceMsMax = 15_000
const signOfLifeMs = 5_000

interface OutboxRow {
  position: string
  id: string
  type: string
  topic: string
  key: string
  time: Date
  traceparent: string | null
  data: unknown
}

/** Starts publishing the outbox of the schema. Of all relays of a schema one works; another takes over when it dies. */
export function startRelay(options: RelayOptions): Worker {
  const { log } = options
  const stop = new AbortController()
  const status: WorkerStatus = { state: 'starting' }
  const run = async (): Promise<void> => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await relayOverOneSession(options, stop.signal, (state) => {
          status.state = state
          if (state === 'relaying') {
            delete status.lastError
            failures = 0
          }
        })
      } catch (error) {
        failures += 1
        status.state = 'failing'
        status.lastError = toErrorText(error)
        log.warn({ err: error, schema: options.schema, failures }, 'could not relay the outbox')
        await pause(backoffAfter(failures), stop.signal)
      }
    }
    status.state = 'closed'
  }
  const running = run()
  return {
    async close() {
      stop.abort()
      await running
    },
    status: () => ({ ...status }),
  }
}

/** Waits for the lock and relays until the signal; throws when the database or the transport fails. */
async function relayOverOneSession(
  { databaseUrl, schema, transport, identity }: RelayOptions,
  signal: AbortSignal,
  setState: (state: 'standby' | 'relaying') => void,
): Promise<void> {
  const client = await connect({
    connectionString: databaseUrl,
    applicationName: applicationName(identity),
    settings: { idle_session_timeout: `${silenceMsMax}ms` },
  })
  try {
    while (!(await tryToLead(client, schema))) {
      setState('standby')
      await pause(standbyMs, signal)
      if (signal.aborted) {
        return
      }
    }
    const floor = createOutboxFloor(client, schema)
    let idle: number = idleMs.first
    while (!signal.aborted) {
      const relayed = await relayBatch(client, schema, floor, (rows) =>
        withSignsOfLife(
          client,
          endSoonAfter(signal, transport.publish(rows.map((row) => toRecord(row, identity.name)))),
        ),
      )
      setState('relaying')
      if (relayed === 0) {
        await pause(idle, signal)
      }
      idle = relayed === 0 ? Math.min(idleMs.max, idle * 2) : idleMs.first
    }
  } finally {
    await client.end()
  }
}

/** Waits for the transport, which may take its time, without the session's falling silent. */
async function withSignsOfLife(client: Client, publishing: Promise<void>): Promise<void> {
  let sign: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    // A session that is gone fails the next statement of the relay itself.
    sign = client.query('SELECT 1').catch(() => {})
  }, signOfLifeMs)
  try {
    await publishing
  } finally {
    clearInterval(timer)
    await sign
  }
}

// A waiting pg_advisory_lock() would hold a snapshot, and with it every dead row of the outbox; so it is asked for instead.
async function tryToLead(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>(
    "SELECT pg_try_advisory_lock(hashtextextended('freehold outbox ' || $1, 0)) AS leads",
    [schema],
  )
  return rows[0]?.leads === true
}

/** Returns how many events it moved to the transport. */
async function relayBatch(
  client: Client,
  schema: string,
  floor: OutboxFloor,
  publish: (rows: OutboxRow[]) => Promise<void>,
): Promise<number> {
  const outbox = quoteQualified(schema, 'outbox')
  // Cut by size as well, but never down to nothing: the first row always counts as fitting.
  const { rows } = await client.query<OutboxRow>({
    name: 'read-outbox',
    text: `SELECT position, id, type, topic, key, time, traceparent, data FROM (
      SELECT *, sum(bytes) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before FROM (
        SELECT *, octet_length(data::text) AS bytes FROM ${outbox} WHERE position > $1 ORDER BY position LIMIT ${batchRecords}
      ) AS first
    ) AS sized WHERE bytes_before < ${batchBytes} ORDER BY position`,
    values: [String(floor.position())],
  })
  if (rows.length > 0) {
    await publish(rows)
    await client.query({
      name: 'delete-from-outbox',
      text: `DELETE FROM ${outbox} WHERE position = ANY ($1)`,
      values: [rows.map(({ position }) => position)],
    })
  }
  await floor.advance(
    rows.map(({ position }) => BigInt(position)),
    rows.length === 0,
  )
  return rows.length
}

function toRecord({ id, type, topic, key, time, traceparent, data }: OutboxRow, source: string): EventRecord {
  const record = { id, type, topic, key, source, time: time.toISOString(), data }
  return traceparent === null ? record : { ...record, traceparent }
}
