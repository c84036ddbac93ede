import { connect as connectTo, createServer, type Server as Listener } from 'node:net'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkServer } from '../src/engine/run/check-server.ts'
import { openSession } from '../src/engine/run/session.ts'

let server: Server

beforeAll(async () => {
  server = await startTestServer(18)
})

afterAll(async () => {
  await server.stop()
})

async function withSession<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openSession({ databaseUrl, schema: 'my "shop"' })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Stands between as a pooler does: its clients are told a process id of its own making. */
async function startPooler(): Promise<{ listener: Listener; url: string }> {
  const listener = createServer((near) => {
    const far = connectTo(server.port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (chunk) => {
      // BackendKeyData: 'K', its length, the process id, the key.
      const at = chunk.indexOf(Buffer.from('K\0\0\0', 'latin1'))
      if (at >= 0) {
        chunk.writeInt32BE(1, at + 5)
      }
      near.write(chunk)
    })
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', () => resolve()))
  const { port } = listener.address() as { port: number }
  return { listener, url: `postgresql://postgres@127.0.0.1:${port}/postgres` }
}

it('opens sessions that look for names in the schema of the URL and set every timeout themselves', async () => {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`ALTER ROLE postgres SET statement_timeout = '1s'`)
  await admin.query(`ALTER ROLE postgres SET transaction_timeout = '1s'`)
  const settings = await withSession(server.url(), async (client) => {
    const { rows } = await client.query(
      `SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS statement,
              current_setting('transaction_timeout') AS transaction, current_setting('application_name') AS application`,
    )
    return rows[0]
  })
  expect(settings).toEqual({ path: '"my ""shop"""', statement: '0', transaction: '0', application: 'freehold' })
  await admin.query('ALTER ROLE postgres RESET ALL')
  await admin.end()
})

it('recognises a pooler in between', async () => {
  const { listener, url } = await startPooler()
  await expect(openSession({ databaseUrl: url, schema: 'public' })).rejects.toMatchObject({
    definition: { code: 'FHD_MIGRATE_POOLER' },
  })
  await new Promise((resolve) => listener.close(resolve))
})

it.each([
  ['mysql://localhost/shop', 'FHD_MIGRATE_URL_INVALID', 'not with postgresql://'],
  ['postgresql://x@127.0.0.1:1/shop', 'FHD_MIGRATE_CONNECTION_FAILED', 'nothing listens there'],
])('says why it cannot connect to %s', async (databaseUrl, code, message) => {
  await expect(openSession({ databaseUrl, schema: 'public' })).rejects.toMatchObject({
    definition: { code },
    message: expect.stringContaining(message),
  })
})

it('says that the database does not exist, and never the password', async () => {
  const databaseUrl = server.url('nowhere').replace('postgres@', 'postgres:secret@')
  const error = await openSession({ databaseUrl, schema: 'public' }).catch((thrown: Error) => thrown)
  expect(String(error)).toContain('there is no such database')
  expect(JSON.stringify(error) + String(error)).not.toContain('secret')
})

it('refuses a server that takes no writes', async () => {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE DATABASE standby`)
  await admin.query(`ALTER DATABASE standby SET default_transaction_read_only = on`)
  await admin.end()
  await withSession(server.url('standby'), async (client) => {
    await expect(checkServer(client)).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_SERVER_READ_ONLY' } })
  })
  expect(await withSession(server.url(), checkServer)).toBe(18)
})
