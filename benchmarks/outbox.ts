// From the commit of a change to its effect in a consumer, through outbox, relay, transport and inbox, each in a process
// of its own: latency at a steady rate, and how fast a backlog is worked off.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { installEventsLog } from '@freehold/service/events'
import { type DurableServer, startDurableServer, withClient } from '../tools/durable-server.ts'
import { findKafka } from '../tools/kafka/find-kafka.ts'
import { startBroker } from '../tools/kafka/start-broker.ts'
import { round, writeResults } from './measure.ts'
import { type Load, publishLoad } from './outbox/publish.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '5000' },
    transport: { type: 'string', default: 'both' },
  },
})
const perSecond = Number(values.rate)
const steadyEvents = perSecond * Number(values.seconds)
// Connections, the topic, plans and compiled code are there before the clock runs, in the processes that are measured.
const warmUpEvents = perSecond * 5
const backlogEvents = 100_000
const perTransaction = 10
const roles = ['migrator', 'orders', 'billing'] as const
const root = path.resolve(import.meta.dirname, '..')

type Server = DurableServer<(typeof roles)[number]>
type Url = (role: 'orders' | 'billing') => string

const server = await startDurableServer(roles)
const results: Record<string, object> = {}
try {
  if (values.transport !== 'kafka') {
    await server.createDatabase('log', 'migrator')
    await installEventsLog({ connectionString: server.url('log', 'migrator'), services: ['orders', 'billing'] })
    results['postgres log'] = await measure(server, (role) => server.url('log', role))
  }
  if (values.transport !== 'postgres') {
    await measureKafka()
  }
} finally {
  await server.stop()
}
await writeResults('outbox', { perSecond, perTransaction, warmUpEvents, steadyEvents, backlogEvents, results })

async function measureKafka(): Promise<void> {
  const kafka = await findKafka()
  if ('missing' in kafka) {
    process.stdout.write(`NOT MEASURED: Kafka, for ${kafka.missing}\n`)
    return
  }
  const broker = await startBroker(kafka.libs)
  try {
    results['kafka'] = await measure(server, () => `kafka://${broker.address}`)
  } finally {
    await broker.stop()
  }
}

async function measure(on: Server, eventsUrl: Url): Promise<object> {
  await on.createDatabase('shop', 'migrator')
  await withClient(on.url('shop', 'migrator'), async (client) => {
    const ddl = (name: string): Promise<string> => readFile(path.join(root, 'libs/service/sql', `${name}.sql`), 'utf8')
    for (const [role, tables] of [
      ['orders', await ddl('outbox')],
      ['billing', await ddl('inbox')],
    ] as const) {
      await client.query(`CREATE SCHEMA ${role}; SET search_path = ${role}; ${tables};
        GRANT USAGE ON SCHEMA ${role} TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${role} TO ${role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${role} TO ${role}`)
    }
  })
  const steady = await flow(on, eventsUrl, { run: 1, events: warmUpEvents + steadyEvents, perTransaction, perSecond })
  const backlog = await workOffBacklog(on, eventsUrl, { run: 2, events: backlogEvents, perTransaction: 100 })
  await on.dropDatabase('shop')
  const latencyMs = { p50: steady.quantile(0.5), p99: steady.quantile(0.99), max: steady.quantile(1) }
  const figures = {
    steady: { publishedPerSecond: steady.publishedPerSecond, appliedPerSecond: steady.appliedPerSecond, latencyMs },
    backlog,
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  return figures
}

/** Publishes the load by its timetable while relay and consumer run; resolves when all of it has been applied. What warms up does not count. */
async function flow(on: Server, eventsUrl: Url, load: Load) {
  const consumer = await startConsumer(on, eventsUrl, load)
  const relay = await start('relay', [on.url('shop', 'orders'), eventsUrl('orders')])
  const reported = readTimes(consumer)
  const committedAt = (await publishLoad(on.url('shop', 'orders'), load)).subarray(warmUpEvents)
  const appliedAt = (await reported).subarray(warmUpEvents)
  await Promise.all([end(relay), end(consumer)])
  // The answer to a commit may come after the effect.
  const waits = appliedAt.map((at, n) => Math.max(0, at - (committedAt[n] ?? 0))).sort()
  const firstAt = committedAt.reduce((a, b) => Math.min(a, b))
  return {
    quantile: (share: number) =>
      round(waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN, 1),
    publishedPerSecond: rateOf(steadyEvents, firstAt, last(committedAt)),
    appliedPerSecond: rateOf(steadyEvents, firstAt, last(appliedAt)),
  }
}

/** Publishes the load first, then lets the relay alone move it to the transport, then the consumer alone apply it. */
async function workOffBacklog(on: Server, eventsUrl: Url, load: Load) {
  await publishLoad(on.url('shop', 'orders'), load)
  const relayFrom = now()
  const relay = await start('relay', [on.url('shop', 'orders'), eventsUrl('orders')])
  await withClient(on.url('shop', 'orders'), async (client) => {
    for (;;) {
      const { rows } = await client.query('SELECT FROM orders.outbox LIMIT 1')
      if (rows.length === 0) {
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  const relayedPerSecond = rateOf(load.events, relayFrom, now())
  await end(relay)
  const consumeFrom = now()
  const consumer = await startConsumer(on, eventsUrl, load)
  const appliedAt = await readTimes(consumer)
  await end(consumer)
  return { relayedPerSecond, appliedPerSecond: rateOf(load.events, consumeFrom, last(appliedAt)) }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

function last(times: Float64Array): number {
  return times.reduce((a, b) => Math.max(a, b))
}

function rateOf(events: number, fromMs: number, toMs: number): number {
  return Math.round(events / ((toMs - fromMs) / 1000))
}

async function readTimes(consumer: ChildProcess): Promise<Float64Array> {
  const [{ appliedAt }] = (await once(consumer, 'message')) as [{ appliedAt: string }]
  return new Float64Array(new Uint8Array(Buffer.from(appliedAt, 'base64')).buffer)
}

function startConsumer(on: Server, eventsUrl: Url, { run, events }: Load): Promise<ChildProcess> {
  return start('consumer', [on.url('shop', 'billing'), eventsUrl('billing'), String(run), String(events)])
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

async function start(name: 'relay' | 'consumer', args: string[]): Promise<ChildProcess> {
  const child = fork(path.join(root, 'libs/service/test/events/measured', `${name}-process.ts`), args)
  await once(child, 'message')
  return child
}
