import { defineEvent } from '@freehold/contracts-base'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type Consumer, type EventRecord, on, startConsumer } from '../../src/events/index.ts'
import { aRecord, createRecordingLog, createRecordingTransport } from './fixture.ts'
import { createServiceDatabase, openDb } from './service-schema.ts'
import { type BillingTables, billingTables } from './soak/counter.ts'

const placed = defineEvent({
  type: 'freehold.orders.order.placed.v1',
  topic: 'freehold.orders.order.v1',
  data: z.object({ version: z.int() }),
})

let server: Server
let db: Kysely<BillingTables>
let admin: Client
beforeAll(async () => {
  server = await startTestServer(18)
  await createServiceDatabase(server, 'inbox', { billing: billingTables })
  db = openDb(server.url('inbox', 'billing'))
  admin = await connect({ connectionString: server.url('inbox'), applicationName: 'test' })
})
beforeEach(async () => {
  await admin.query('TRUNCATE billing.inbox, billing.dead_letters, billing.effects')
})
afterAll(async () => {
  await db.destroy()
  await admin.end()
  await server.stop()
})

interface Bench {
  consumer: Consumer
  deliver(records: EventRecord[]): Promise<void>
  /** Keys and versions for which the handler throws after its effect. */
  poison: Set<string>
  /** How often the handler was called for each. */
  calls: Map<string, number>
}

function consume(retriesMax = 1): Bench {
  const transport = createRecordingTransport()
  const poison = new Set<string>()
  const calls = new Map<string, number>()
  const handler = on<typeof placed.data, BillingTables>(placed, async (trx, { version }, { key }) => {
    const name = `${key}${version}`
    calls.set(name, (calls.get(name) ?? 0) + 1)
    await trx.insertInto('effects').values({ key, version }).execute()
    if (poison.has(name)) {
      throw new Error(`poisoned by ${name}`)
    }
  })
  const options = { db, schema: 'billing', transport, group: 'billing', retriesMax, log: createRecordingLog() }
  const consumer = startConsumer({ ...options, handlers: [handler] })
  onTestFinished(() => consumer.close())
  return {
    consumer,
    poison,
    calls,
    deliver: async (records) => await transport.subscriptions[0]?.onRecords(records),
  }
}

/** Records named by key and version: `a1` is the first of key `a`. */
const recordsNamed = (...names: string[]): EventRecord[] =>
  names.map((name) => aRecord({ topic: placed.topic, key: name.slice(0, 1), data: { version: Number(name.slice(1)) } }))

async function effects(): Promise<string[]> {
  const rows = await db.selectFrom('effects').select(['key', 'version']).orderBy('position').execute()
  return rows.map(({ key, version }) => `${key}${version}`)
}

async function letters(): Promise<{ id: string; name: string; attempts: number; error: string | null }[]> {
  const { rows } = await admin.query(
    "SELECT id, key || (data ->> 'version') AS name, attempts, error FROM billing.dead_letters ORDER BY position",
  )
  return rows
}

describe('the inbox', () => {
  it('lets an event take effect once, however often and by however many members it is delivered', async () => {
    const [one, other] = [consume(), consume()]
    const records = recordsNamed('a1', 'b1', 'a2', 'b2', 'a3')
    await Promise.all([one, other].flatMap(({ deliver }) => [deliver(records), deliver([...records, ...records])]))
    await one.deliver(records)
    expect((await effects()).sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    expect((await effects()).filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
  })

  it('leaves events alone that no handler is for', async () => {
    const { deliver } = consume()
    await deliver([aRecord({ topic: placed.topic, type: 'freehold.orders.order.shipped.v1' })])
    expect([await effects(), await letters()]).toEqual([[], []])
  })

  it('tries again without leaving a trace of the attempt that failed', async () => {
    const bench = consume(20)
    bench.poison.add('a1')
    const delivering = bench.deliver(recordsNamed('a1', 'a2', 'b1'))
    await expect.poll(() => bench.calls.get('a1')).toBeGreaterThan(2)
    expect(await effects()).toEqual(['b1'])
    bench.poison.clear()
    await delivering
    expect(await effects()).toEqual(['b1', 'a1', 'a2'])
  })
})

describe('dead letters', () => {
  it('hold up only their own key, and are replayed with what waits behind them in order', async () => {
    const { consumer, deliver, poison } = consume()
    poison.add('a1')
    await deliver(recordsNamed('a1', 'b1', 'a2'))
    await deliver(recordsNamed('a3', 'b2'))
    expect(await effects()).toEqual(['b1', 'b2'])
    expect(await letters()).toMatchObject([
      { name: 'a1', attempts: 2, error: 'poisoned by a1' },
      { name: 'a2', attempts: 0, error: null },
      { name: 'a3', attempts: 0, error: null },
    ])
    const [first, second] = await letters()
    expect(await consumer.replay(second?.id ?? '')).toEqual({ outcome: 'waits', behindLetterId: first?.id })
    const failed = { outcome: 'failed', records: 0, letterId: first?.id, error: 'poisoned by a1' }
    expect(await consumer.replay(first?.id ?? '')).toEqual(failed)
    expect(await letters()).toMatchObject([{ name: 'a1', attempts: 3 }, {}, {}])
    poison.clear()
    poison.add('a3')
    expect(await consumer.replay(first?.id ?? '')).toMatchObject({ outcome: 'failed', records: 2 })
    expect(await letters()).toMatchObject([{ name: 'a3', attempts: 1, error: 'poisoned by a3' }])
    expect(await effects()).toEqual(['b1', 'b2', 'a1', 'a2'])
    expect(await consumer.replay(first?.id ?? '')).toEqual({ outcome: 'notFound' })
  })

  it('are given up one by one, and what waited behind goes on', async () => {
    const { consumer, deliver, poison } = consume()
    poison.add('a1')
    await deliver(recordsNamed('a1', 'a2'))
    const [first] = await letters()
    expect(await consumer.discard(first?.id ?? '')).toEqual({ outcome: 'applied', records: 1 })
    await deliver(recordsNamed('a3'))
    expect([await effects(), await letters()]).toEqual([['a2', 'a3'], []])
  })

  it('of a topic are replayed key by key, in as many turns as the time makes of it', async () => {
    const { consumer, deliver, poison } = consume()
    for (const name of ['a1', 'b1', 'c1']) {
      poison.add(name)
    }
    await deliver(recordsNamed('a1', 'b1', 'c1', 'a2'))
    poison.clear()
    poison.add('b1')
    const listed = await consumer.listLetters({ limit: 10 })
    expect(listed.map(({ key, attempts }) => [key, attempts])).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 2],
      ['a', 0],
    ])
    const first = await consumer.replayTopic(placed.topic, undefined, AbortSignal.abort())
    expect(first).toEqual({ records: 1, failed: [], nextCursor: listed[0]?.letterId })
    const second = await consumer.replayTopic(placed.topic, first.nextCursor ?? '', new AbortController().signal)
    const failed = [{ letterId: listed[1]?.letterId, error: 'poisoned by b1' }]
    expect(second).toEqual({ records: 2, failed, nextCursor: null })
    expect((await effects()).sort()).toEqual(['a1', 'a2', 'c1'])
    expect((await letters()).map(({ name }) => name)).toEqual(['b1'])
  })

  it('take events in whose data are not what their schema says', async () => {
    const { deliver } = consume(0)
    await deliver([aRecord({ topic: placed.topic, data: { version: 'one' } })])
    expect(await letters()).toMatchObject([{ attempts: 1, error: expect.stringContaining('expected number') }])
  })
})
