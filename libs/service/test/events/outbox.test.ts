import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { type Kysely, sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { publishEvent, startRelay, type Worker } from '../../src/events/index.ts'
import { createOutboxFloor } from '../../src/events/outbox-floor.ts'
import { createRecordingLog, createRecordingTransport, type RecordingTransport } from './fixture.ts'
import { createServiceDatabase, openDb } from './service-schema.ts'
import { counterRaised, type OrdersTables, ordersTables } from './soak/counter.ts'

let server: Server
let db: Kysely<OrdersTables>
let admin: Client
beforeAll(async () => {
  server = await startTestServer(18)
  await createServiceDatabase(server, 'outbox', { orders: ordersTables })
  db = openDb(server.url('outbox', 'orders'))
  admin = await connect({ connectionString: server.url('outbox'), applicationName: 'test' })
})
beforeEach(async () => {
  await admin.query('TRUNCATE orders.outbox; UPDATE orders.counters SET version = 0')
})
afterAll(async () => {
  await db.destroy()
  await admin.end()
  await server.stop()
})

function relay(transport: RecordingTransport, instance = 'a1'): Worker {
  const identity = { name: 'orders', version: '1.0.0', instance }
  const databaseUrl = server.url('outbox', 'orders')
  const worker = startRelay({ databaseUrl, schema: 'orders', transport, identity, log: createRecordingLog() })
  onTestFinished(() => worker.close())
  return worker
}

async function raise(trx: Transaction<OrdersTables>, key: string): Promise<void> {
  const { version } = await trx
    .updateTable('counters')
    .set({ version: sql`version + 1` })
    .where('key', '=', key)
    .returning('version')
    .executeTakeFirstOrThrow()
  await publishEvent(trx, counterRaised, key, { version })
}

async function begin() {
  const trx = await db.startTransaction().execute()
  const { rows } = await sql<{ id: string }>`SELECT pg_current_xact_id()::text AS id`.execute(trx)
  return { trx, xid: BigInt(rows[0]?.id ?? '0') }
}

const countOutbox = async (): Promise<number> =>
  Number((await admin.query<{ count: string }>('SELECT count(*) FROM orders.outbox')).rows[0]?.count)

describe('the outbox', () => {
  it('skips no event that commits late, and orders a key by its changes where transaction ids are the other way round', async () => {
    const transport = createRecordingTransport()
    relay(transport)
    const second = await begin()
    const first = await begin()
    expect(second.xid).toBeLessThan(first.xid)
    await raise(first.trx, 'key 1')
    await db.transaction().execute((trx) => raise(trx, 'key 2'))
    await vi.waitFor(() => expect(transport.published).toMatchObject([{ key: 'key 2' }]))
    const waiting = raise(second.trx, 'key 1')
    await first.trx.commit().execute()
    await waiting
    await second.trx.commit().execute()
    await vi.waitFor(() => expect(transport.published).toHaveLength(3))
    expect(transport.published.slice(1)).toMatchObject([
      { key: 'key 1', source: 'orders', topic: counterRaised.topic, type: counterRaised.type, data: { version: 1 } },
      { key: 'key 1', data: { version: 2 } },
    ])
    await vi.waitFor(async () => expect(await countOutbox()).toBe(0))
  })

  it('publishes nothing of a transaction that rolls back', async () => {
    const transport = createRecordingTransport()
    relay(transport)
    const failing = db.transaction().execute(async (trx) => {
      await raise(trx, 'key 1')
      throw new Error('changed its mind')
    })
    await expect(failing).rejects.toThrow('changed its mind')
    await db.transaction().execute((trx) => raise(trx, 'key 1'))
    await vi.waitFor(() => expect(transport.published).toMatchObject([{ data: { version: 1 } }]))
  })

  it('keeps events until the transport has them, and says meanwhile why it does not relay', async () => {
    const transport = createRecordingTransport()
    transport.beforePublish = async () => {
      throw new Error('the broker is down')
    }
    const worker = relay(transport)
    await db.transaction().execute((trx) => raise(trx, 'key 1'))
    await vi.waitFor(() => expect(worker.status()).toEqual({ state: 'failing', lastError: 'the broker is down' }))
    expect(await countOutbox()).toBe(1)
    transport.beforePublish = async () => {}
    await vi.waitFor(() => expect(transport.published).toHaveLength(1), { timeout: 10_000 })
    await vi.waitFor(() => expect(worker.status()).toEqual({ state: 'relaying' }))
  })

  it('is relayed by one of several relays, and by another once the session of that one is gone', async () => {
    const [first, second] = [createRecordingTransport(), createRecordingTransport()]
    const leading = relay(first, 'a1')
    await vi.waitFor(() => expect(leading.status().state).toBe('relaying'))
    const standby = relay(second, 'a2')
    await vi.waitFor(() => expect(standby.status().state).toBe('standby'))
    let release: (() => void) | undefined
    first.beforePublish = () =>
      new Promise((resolve) => {
        release = resolve
      })
    await db.transaction().execute((trx) => raise(trx, 'key 1'))
    await vi.waitFor(() => expect(release).toBeDefined())
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'orders@1.0.0#a1'",
    )
    await vi.waitFor(() => expect(second.published).toMatchObject([{ key: 'key 1' }]))
    release?.()
    await vi.waitFor(() => expect(leading.status().state).toBe('standby'))
  })
})

describe('the floor of the outbox', () => {
  it('rises over rows that are gone, but never over one that may still be committed', async () => {
    const client = await connect({ connectionString: server.url('outbox', 'orders'), applicationName: 'test' })
    onTestFinished(() => client.end())
    const floor = createOutboxFloor(client, 'orders', 0)
    const look = async (): Promise<bigint[]> => {
      const { rows } = await client.query<{ position: string }>(
        `DELETE FROM outbox WHERE position > ${floor.position()} RETURNING position`,
      )
      const found = rows.map(({ position }) => BigInt(position)).sort((a, b) => Number(a - b))
      await floor.advance(found, found.length === 0)
      return found
    }
    const late = await begin()
    await raise(late.trx, 'key 1')
    await db.transaction().execute((trx) => raise(trx, 'key 2'))
    const [second] = await look()
    for (let n = 0; n < 5; n += 1) {
      expect(await look()).toEqual([])
    }
    expect(floor.position()).toBe(0n)
    await late.trx.commit().execute()
    const [first] = await look()
    expect(first).toBeLessThan(second ?? 0n)
    await look()
    expect(floor.position()).toBe(second)
  })
})

describe('publishEvent', () => {
  it('refuses what is no transaction, what the schema does not allow, and what no broker takes', async () => {
    await expect(publishEvent(db, counterRaised, 'key 1', { version: 1 })).rejects.toThrow('outside of a transaction')
    const publish = (data: { version: number }, event = counterRaised): Promise<void> =>
      db.transaction().execute((trx) => publishEvent(trx, event, 'key 1', data))
    await expect(publish({ version: 1.5 })).rejects.toThrow(/expected int/)
    const large = { ...counterRaised, data: counterRaised.data.loose() }
    await expect(publish({ version: 1, text: 'x'.repeat(600_000) } as { version: number }, large)).rejects.toThrow(
      'larger than 524288 bytes',
    )
    expect(await countOutbox()).toBe(0)
  })
})
