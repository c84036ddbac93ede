import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, startTestServer } from './embedded/start-server.ts'
import { openPool } from './open-pool.ts'
import { isConnectionLoss } from './sqlstate.ts'

describe('openPool', () => {
  let server: Server
  beforeAll(async () => {
    server = await startTestServer(18)
  })
  afterAll(async () => await server.stop())

  it('outlives a server that ends a connection in the middle of a transaction, and opens another', async () => {
    const pool = openPool({ connectionString: server.url(), applicationName: 'test', connectionsMax: 2 })
    const session = await pool.connect()
    await session.query('BEGIN')
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const ended = new Promise<void>((resolve) => session.once('end', () => resolve()))
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await ended
    const next: unknown = await session.query('SELECT 1').catch((error: unknown) => error)
    expect(isConnectionLoss(next)).toBe(true)
    session.release(next as Error)
    const sessions: pg.PoolClient[] = await Promise.all([pool.connect(), pool.connect()])
    for (const each of sessions) {
      expect((await each.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      each.release()
    }
    await pool.end()
  })
})
