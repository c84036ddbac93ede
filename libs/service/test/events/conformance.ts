// What every transport of events guarantees, whatever it is made of.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { EventRecord, EventTransport } from '../../src/events/index.ts'
import { aRecord } from './fixture.ts'
import { type EventsBroker, openImpatiently } from './harness.ts'

export const conformanceServices = ['orders', 'billing', 'shipping']

/** A broker that was killed takes its time on a busy machine. */
const killTestTimeoutMs = 180_000
const patience = { timeout: 100_000, interval: 20 }
let topics = 0

interface Bench {
  topic: string
  open(service: string): EventTransport
  /** Publishes records of these keys in turn; `data.n` counts within a key. */
  publish(keys: string[], count: number): Promise<EventRecord[]>
}

function createBench(broker: EventsBroker): Bench {
  topics += 1
  const topic = `freehold.orders.topic-${topics}.v1`
  const transports: EventTransport[] = []
  const published = new Map<string, number>()
  const open = (service: string): EventTransport => {
    const instance = `a${transports.length}`
    const transport = openImpatiently(broker.url(service), { name: service, version: '1.0.0', instance })
    transports.push(transport)
    return transport
  }
  let publisher: EventTransport | undefined
  onTestFinished(async () => {
    await Promise.all(transports.map((transport) => transport.close()))
  })
  return {
    topic,
    open,
    async publish(keys, count) {
      publisher ??= open('orders')
      const records = Array.from({ length: count }, (_, index) => {
        const key = keys[index % keys.length] ?? ''
        const n = (published.get(key) ?? 0) + 1
        published.set(key, n)
        return aRecord({ topic, key, data: { n } })
      })
      await publisher.publish(records)
      return records
    },
  }
}

const keysNamed = (count: number): string[] => Array.from({ length: count }, (_, n) => `key ${n}`)
const sortedIds = (records: EventRecord[]): string[] => records.map(({ id }) => id).sort()

/** Asserts that the first delivery of each record comes in the order of its key. */
function expectOrder(records: EventRecord[]): void {
  const last = new Map<string, number>()
  const seen = new Set<string>()
  for (const { id, key, data } of records) {
    if (!seen.has(id)) {
      seen.add(id)
      expect((data as { n: number }).n).toBe((last.get(key) ?? 0) + 1)
      last.set(key, (data as { n: number }).n)
    }
  }
}

/** Adds the tests to the group around it; `broker` is asked for when a test runs. */
export function itIsATransport(broker: () => EventsBroker): void {
  itDelivers(broker)
  itCommits(broker)
  itSurvivesKills(broker)
}

function itDelivers(broker: () => EventsBroker): void {
  it('delivers each record as it was published', async () => {
    const bench = createBench(broker())
    const { topic } = bench
    const sent = [
      aRecord({
        topic,
        key: 'ü "quoted", {braced}\\ 鍵',
        data: { text: '\ud800 {}\n"', list: [1.5, null, true] },
      }),
      aRecord({ topic, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', data: null }),
      aRecord({ topic, data: 'x'.repeat(400_000) }),
      aRecord({ topic, data: 'y'.repeat(400_000) }),
      aRecord({ topic, data: 'z'.repeat(400_000) }),
    ]
    await bench.open('orders').publish(sent)
    const got = new Map<string, EventRecord>()
    await bench.open('billing').subscribe({
      group: 'billing',
      topics: [topic],
      async onRecords(records) {
        for (const record of records) {
          got.set(record.id, record)
        }
      },
    })
    await vi.waitFor(() => expect(got.size).toBe(5), patience)
    expect(sent.map(({ id }) => got.get(id))).toEqual(sent)
  })

  it('gives each group every record, shares them among its members, and keeps the order of a key', async () => {
    const bench = createBench(broker())
    const keys = keysNamed(40)
    const got = { one: [] as EventRecord[], other: [] as EventRecord[], shipping: [] as EventRecord[] }
    const subscribe = (service: string, into: EventRecord[]): Promise<unknown> =>
      bench.open(service).subscribe({
        group: service,
        topics: [bench.topic],
        async onRecords(records) {
          into.push(...records)
        },
      })
    await Promise.all([
      subscribe('billing', got.one),
      subscribe('billing', got.other),
      subscribe('shipping', got.shipping),
    ])
    const sent: EventRecord[] = []
    // Members join while records flow; from then on each has its share.
    await vi.waitFor(async () => {
      const counts = [got.one.length, got.other.length]
      sent.push(...(await bench.publish(keys, 80)))
      const gained = [got.one.length, got.other.length].filter((count, index) => count > (counts[index] ?? 0))
      expect(gained).toHaveLength(2)
    }, patience)
    sent.push(...(await bench.publish(keys, 800)))
    await vi.waitFor(() => {
      const billing = new Set([...got.one, ...got.other].map(({ id }) => id))
      expect([...billing].sort()).toEqual(sortedIds(sent))
      expect([...new Set(sortedIds(got.shipping))]).toEqual(sortedIds(sent))
    }, patience)
    expectOrder(got.shipping)
    // Each of the last records went to one member, all of a key to the same.
    const lastIds = new Set(sent.slice(-800).map(({ id }) => id))
    const keysOf = (records: EventRecord[]) =>
      new Set(records.filter(({ id }) => lastIds.has(id)).map(({ key }) => key))
    const ofOther = keysOf(got.other)
    expect([...keysOf(got.one)].filter((key) => ofOther.has(key))).toEqual([])
  })
}

function itCommits(broker: () => EventsBroker): void {
  it('loses nothing when what takes the records fails', async () => {
    const bench = createBench(broker())
    const sent = await bench.publish(keysNamed(5), 50)
    const got: EventRecord[] = []
    let failures = 0
    await bench.open('billing').subscribe({
      group: 'billing',
      topics: [bench.topic],
      async onRecords(records) {
        if (failures < 3) {
          failures += 1
          throw new Error('poisoned')
        }
        got.push(...records)
      },
    })
    await vi.waitFor(() => expect(sortedIds(got)).toEqual(sortedIds(sent)), patience)
    expect(failures).toBe(3)
    expectOrder(got)
  })

  it('commits the batch under way when it is closed, and goes on behind it', async () => {
    const bench = createBench(broker())
    const first = await bench.publish(['a'], 10)
    const got: EventRecord[] = []
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const subscription = await bench.open('billing').subscribe({
      group: 'billing',
      topics: [bench.topic],
      async onRecords(records) {
        got.push(...records)
        await held
      },
    })
    await vi.waitFor(() => expect(got).toHaveLength(10), patience)
    const closed = subscription.close()
    release()
    await closed
    const second = await bench.publish(['a'], 10)
    const later: EventRecord[] = []
    await bench.open('billing').subscribe({
      group: 'billing',
      topics: [bench.topic],
      async onRecords(records) {
        later.push(...records)
      },
    })
    await vi.waitFor(() => expect(later).toHaveLength(10), patience)
    expect([sortedIds(got), sortedIds(later)]).toEqual([sortedIds(first), sortedIds(second)])
  })
}

function itSurvivesKills(broker: () => EventsBroker): void {
  it(
    'gives what a killed member had not committed to the others',
    async () => {
      const bench = createBench(broker())
      const sent = await bench.publish(keysNamed(20), 100)
      const member = path.join(import.meta.dirname, 'member-process.ts')
      const child = spawn(process.execPath, [member, broker().url('billing'), 'billing', bench.topic], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      const got: EventRecord[] = []
      await bench.open('billing').subscribe({
        group: 'billing',
        topics: [bench.topic],
        async onRecords(records) {
          got.push(...records)
        },
      })
      await vi.waitFor(() => expect(sortedIds(got)).toEqual(sortedIds(sent)), patience)
      expectOrder(got)
    },
    killTestTimeoutMs,
  )

  it(
    'has what it accepted after the broker was killed, and subscriptions go on by themselves',
    async () => {
      const bench = createBench(broker())
      const got: EventRecord[] = []
      await bench.open('billing').subscribe({
        group: 'billing',
        topics: [bench.topic],
        async onRecords(records) {
          got.push(...records)
        },
      })
      const sent = await bench.publish(keysNamed(5), 50)
      await broker().kill()
      const observer = bench.open('billing')
      expect(await observer.isReachable()).toMatch(/cannot be reached/)
      await broker().restart()
      await vi.waitFor(async () => expect(await observer.isReachable()).toBeUndefined(), patience)
      await vi.waitFor(async () => sent.push(...(await bench.publish(['after'], 10))), patience)
      const idsOf = (records: EventRecord[]) => [...new Set(sortedIds(records))]
      await vi.waitFor(() => expect(idsOf(got)).toEqual(expect.arrayContaining(sortedIds(sent))), patience)
    },
    killTestTimeoutMs,
  )
}
