import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openEngine } from './open-engine.ts'

const withFunction = `CREATE TABLE "Order" (id int PRIMARY KEY, note text CHECK (note <> ';'));
CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;`

describe('openEngine', () => {
  let server: Server
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-prisma-'))
  const write = (name: string, sql: string): void => {
    mkdirSync(path.join(folder, name), { recursive: true })
    writeFileSync(path.join(folder, name, 'migration.sql'), sql)
  }
  beforeAll(async () => {
    server = await startTestServer(18)
    writeFileSync(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  it('deploys whole files and reports what became of them', async () => {
    write('1_orders', withFunction)
    const engine = await openEngine(server.url())
    expect(await engine.applyMigrations(folder)).toEqual(['1_orders'])
    expect(await engine.applyMigrations(folder)).toEqual([])
    write('1_orders', `${withFunction}\n-- edited`)
    write('2_fails', 'CREATE TABLE kept_out (id int); SELECT 1/0;')
    expect((await engine.diagnoseMigrationHistory(folder)).editedMigrationNames).toEqual(['1_orders'])
    await expect(engine.applyMigrations(folder)).rejects.toThrow(/division by zero/)
    expect((await engine.diagnoseMigrationHistory(folder)).failedMigrationNames).toEqual(['2_fails'])
    await engine.close()
    const client = await connect({ connectionString: server.url(), applicationName: 'test' })
    const { rows } = await client.query(`SELECT to_regclass('kept_out') AS kept_out, one()`)
    expect(rows).toEqual([{ kept_out: null, one: 1 }])
    // A session that was closed is listed until its process on the server has ended.
    await vi.waitFor(
      async () => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
        expect((await client.query(sql)).rows).toEqual([])
      },
      { timeout: 20_000 },
    )
    await client.end()
  })
})
