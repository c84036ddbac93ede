import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pgDump } from './pg-dump.ts'

describe('pgDump', () => {
  let server: Server
  beforeAll(async () => {
    server = await startTestServer(18)
  })
  afterAll(() => server.stop())

  it('prints schema and rows of a real server', async () => {
    const client = await connect({ connectionString: server.url(), applicationName: 'test' })
    await client.query(`CREATE DATABASE shop`)
    await client.end()
    const shop = await connect({ connectionString: server.url('shop'), applicationName: 'test' })
    await shop.query(`CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'größer; $1')`)
    await shop.end()
    const sql = await pgDump(server.url('shop'))
    expect(sql).toContain('CREATE TABLE public.orders')
    expect(sql).toContain(`INSERT INTO public.orders VALUES (1, 'größer; $1');`)
    expect(await pgDump(server.url('shop'), ['--schema-only'])).not.toContain('INSERT INTO')
  })

  it('sends queries that are longer than one buffer of libpq', async () => {
    const client = await connect({ connectionString: server.url(), applicationName: 'test' })
    const count = 1500
    await client.query(Array.from({ length: count }, (_, i) => `CREATE TABLE wide_${i} (id int)`).join(';'))
    await client.end()
    const sql = await pgDump(server.url(), ['--schema-only'])
    expect(sql.match(/^CREATE TABLE /gm)).toHaveLength(count)
  })

  it('reports what pg_dump says when it fails, and can be called again', async () => {
    await expect(pgDump(server.url('missing'))).rejects.toThrow(/database "missing" does not exist/)
    await expect(pgDump(server.url(), ['--table=nothing'])).rejects.toThrow(/no matching tables/)
  })
})
