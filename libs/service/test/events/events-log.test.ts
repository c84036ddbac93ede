import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createPostgresLog, type EventTransport, installEventsLog } from '../../src/events/index.ts'
import { aRecord } from './fixture.ts'

let server: Server
let admin: Client
beforeAll(async () => {
  server = await startTestServer(18)
  admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`
    CREATE ROLE events_migrator LOGIN; CREATE ROLE orders LOGIN; CREATE ROLE billing LOGIN; CREATE ROLE stranger LOGIN;
    CREATE ROLE orders_r21 LOGIN IN ROLE orders; GRANT CREATE ON DATABASE postgres TO events_migrator`)
  const options = { connectionString: server.url('postgres', 'events_migrator'), services: ['orders', 'billing'] }
  await installEventsLog(options)
  await installEventsLog(options)
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

async function connectAs(role: string): Promise<Client> {
  const client = await connect({ connectionString: server.url('postgres', role), applicationName: 'test' })
  onTestFinished(() => client.end())
  return client
}

function openAs(role: string): EventTransport {
  const identity = { name: role, version: '1.0.0', instance: 'a1' }
  const transport = createPostgresLog({ url: server.url('postgres', role), identity })
  onTestFinished(() => transport.close())
  return transport
}

const join = 'SELECT events.join_group($1, $2, $3, $4, $5)'
const fetch = 'SELECT * FROM events.fetch_records($1, $2, 100)'
const commit = 'SELECT events.commit_offsets($1, $2, $3, $4, $5) AS moved'

describe('rights on the events log', () => {
  it('let a service append to topics of its own name, and so a login role below it', async () => {
    const topic = 'freehold.orders.right.v1'
    await openAs('orders').publish([aRecord({ topic })])
    await openAs('orders_r21').publish([aRecord({ topic })])
    await expect(openAs('billing').publish([aRecord({ topic })])).rejects.toMatchObject({ code: '42501' })
    await expect(openAs('orders').publish([aRecord({ topic: 'freehold.billing.right.v1' })])).rejects.toThrow(
      'role "orders" may not append to topic freehold.billing.right.v1',
    )
    await expect(openAs('orders').publish([aRecord({ topic, source: 'billing' })])).rejects.toThrow(
      'the source of an event is the context of its topic',
    )
    await expect(openAs('orders').publish([aRecord({ topic: 'other.orders.right.v1' })])).rejects.toMatchObject({
      constraint: 'topics_name_check',
    })
  })

  it('let a service consume as groups of its own name', async () => {
    const orders = await connectAs('orders')
    const [topics, id] = [['freehold.orders.right.v1'], uuidv7()]
    await orders.query(join, ['orders.audit', id, topics, 'a1', 5_000])
    const refused = { code: '42501' }
    await expect(orders.query(join, ['billing', id, topics, 'a1', 5_000])).rejects.toMatchObject(refused)
    await expect(orders.query(fetch, ['billing', id])).rejects.toMatchObject(refused)
    await expect(orders.query(commit, ['billing', id, [1], ['1'], ['1']])).rejects.toMatchObject(refused)
    await expect(orders.query('SELECT events.leave_group($1, $2)', ['billing', id])).rejects.toMatchObject(refused)
  })

  it('let nobody touch the tables, call what is inside, or use the log without having been admitted', async () => {
    const orders = await connectAs('orders')
    for (const table of ['topics', 'partitions', 'records', 'groups', 'members', 'claims']) {
      await expect(orders.query(`SELECT FROM events.${table}`)).rejects.toMatchObject({ code: '42501' })
      await expect(orders.query(`DELETE FROM events.${table}`)).rejects.toMatchObject({ code: '42501' })
    }
    await expect(orders.query("SELECT events.balance_group('billing')")).rejects.toMatchObject({ code: '42501' })
    await expect(orders.query("CALL events.admit('stranger')")).rejects.toMatchObject({ code: '42501' })
    expect(await openAs('stranger').isReachable()).toContain('permission denied for schema events')
    expect(await openAs('orders').isReachable()).toBeUndefined()
  })
})

describe('the events log', () => {
  it('refuses the commit of a member whose partitions went to another, also when it has them again', async () => {
    const topic = 'freehold.orders.fence.v1'
    await openAs('orders').publish([aRecord({ topic })])
    const client = await connectAs('billing')
    const group = 'billing.fence'
    const [slow, quick] = [uuidv7(), uuidv7()]
    const joinAs = (member: string) => client.query(join, [group, member, [topic], 'a1', 60_000])
    const fetchAs = async (member: string) => (await client.query(fetch, [group, member])).rows
    const commitAs = async (member: string, rows: Record<string, unknown>[]) => {
      const columns = ['partition_id', 'generation', 'record_offset'].map((name) => rows.map((row) => row[name]))
      columns[2] = columns[2]?.map((offset) => String(Number(offset) + 1)) ?? []
      return (await client.query(commit, [group, member, ...columns])).rows[0]?.moved
    }
    const expire = (member: string) =>
      admin.query('UPDATE events.members SET lease_expires_at = now() - interval $$1 s$$ WHERE id = $1', [member])
    await joinAs(slow)
    const fetched = await fetchAs(slow)
    expect(fetched).toHaveLength(1)
    await expire(slow)
    await joinAs(quick)
    expect(await commitAs(slow, fetched)).toBe(0)
    await expire(quick)
    await joinAs(slow)
    expect(await commitAs(slow, fetched)).toBe(0)
    const again = await fetchAs(slow)
    expect(again).toMatchObject([{ record_offset: '0' }])
    expect(await commitAs(slow, again)).toBe(1)
    expect(await fetchAs(slow)).toEqual([])
  })

  it('hands a partition over only when its member is done with what it fetched', async () => {
    const topic = 'freehold.orders.hand-over.v1'
    const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`)
    await openAs('orders').publish(keys.map((key) => aRecord({ topic, key })))
    const client = await connectAs('billing')
    const group = 'billing.hand-over'
    const [first, second] = [uuidv7(), uuidv7()]
    await client.query(join, [group, first, [topic], 'a1', 60_000])
    expect((await client.query(fetch, [group, first])).rows).toHaveLength(50)
    await client.query(join, [group, second, [topic], 'a2', 60_000])
    expect((await client.query(fetch, [group, second])).rows).toEqual([])
    const kept = (await client.query(fetch, [group, first])).rows.length
    const taken = (await client.query(fetch, [group, second])).rows.length
    expect([kept > 0, taken > 0, kept + taken]).toEqual([true, true, 50])
  })

  it('removes records that are older than their topic keeps them, and readers go on behind them', async () => {
    const topic = 'freehold.orders.retention.v1'
    const publisher = openAs('orders')
    await publisher.publish([aRecord({ topic, data: 'old' }), aRecord({ topic, data: 'old' })])
    await admin.query("UPDATE events.records SET appended_at = now() - interval '8 days' WHERE data::text = '\"old\"'")
    await publisher.publish([aRecord({ topic, data: 'new' })])
    const client = await connectAs('orders')
    expect((await client.query('SELECT events.prune_records(1000) AS removed')).rows).toEqual([{ removed: '2' }])
    const got: unknown[] = []
    await openAs('billing').subscribe({
      group: 'billing.retention',
      topics: [topic],
      async onRecords(records) {
        got.push(...records.map(({ data }) => data))
      },
    })
    await vi.waitFor(() => expect(got).toEqual(['new']))
    const groups = await client.query("SELECT * FROM events.describe_groups() WHERE group_name = 'billing.retention'")
    expect(groups.rows).toContainEqual(expect.objectContaining({ end_offset: '3', instance: 'a1' }))
  })

  it('makes a session wait that appends to a partition of an append that has not committed', async () => {
    const [one, other] = [await connectAs('orders'), await connectAs('orders')]
    const topic = 'freehold.orders.commit-order.v1'
    const append = (client: Client, n: number) =>
      client.query('SELECT events.append_records($1, $2, $3, $4, $5, $6, $7, $8::text[]::json[])', [
        [topic],
        ['a'],
        [uuidv7()],
        ['freehold.orders.commit-order.made.v1'],
        ['orders'],
        ['2026-01-02T03:04:05.678Z'],
        [null],
        [String(n)],
      ])
    await append(one, 0)
    await one.query('BEGIN')
    await append(one, 1)
    await other.query("SET lock_timeout = '50ms'")
    await expect(append(other, 2)).rejects.toMatchObject({ code: '55P03' })
    await one.query('ROLLBACK')
    await append(other, 2)
    const { rows } = await admin.query(
      "SELECT r.record_offset, r.data FROM events.records r WHERE r.type LIKE '%commit-order%' ORDER BY 1",
    )
    expect(rows).toEqual([
      { record_offset: '0', data: 0 },
      { record_offset: '1', data: 2 },
    ])
  })
})
