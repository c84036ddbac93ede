/** Prisma's own engine reads what is written here, and the other way round. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openEngine, type PrismaEngine } from '../../../tools/prisma-engine/open-engine.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import type { Migration } from '../src/engine/parse/statement.ts'
import { choosePending } from '../src/engine/read/choose-pending.ts'
import {
  deleteRow,
  ensurePrismaTable,
  insertFinished,
  insertStarted,
  markFinished,
  markRolledBack,
  readHistory,
} from '../src/engine/read/prisma-table.ts'
import { readMigrationsFolder } from '../src/engine/read/read-migrations.ts'

describe('_prisma_migrations', () => {
  let server: Server
  let client: Client
  let engine: PrismaEngine
  let migrations: Migration[]
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-prisma-'))
  const write = (name: string, sql: string): void => {
    mkdirSync(path.join(folder, name), { recursive: true })
    writeFileSync(path.join(folder, name, 'migration.sql'), sql)
  }

  beforeAll(async () => {
    server = await startTestServer(18)
    writeFileSync(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  })
  beforeEach(async () => {
    rmSync(path.join(folder, '4_d'), { recursive: true, force: true })
    for (const [at, name] of ['1_a', '2_b', '3_c'].entries()) {
      write(name, `CREATE TABLE t${at} (id int)`)
    }
    migrations = await readMigrationsFolder(folder)
    await client?.end()
    await engine?.close()
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('DROP DATABASE IF EXISTS app')
    await admin.query('CREATE DATABASE app')
    await admin.end()
    client = await connect({ connectionString: server.url('app'), applicationName: 'test' })
    engine = await openEngine(server.url('app'))
  })
  afterAll(async () => {
    await client.end()
    await engine.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const migration = (at: number): Migration => migrations[at] as Migration
  const pendingIds = async (): Promise<string[]> =>
    choosePending(migrations, await readHistory(client, 'public')).pending.map(({ id }) => id)

  it('is the table that Prisma makes', async () => {
    expect(await readHistory(client, 'public')).toEqual([])
    expect(await readHistory(client, 'nowhere')).toEqual([])
    await engine.applyMigrations(folder)
    const [made] = (await readCatalog(client)).relations.filter(({ name }) => name === '_prisma_migrations')
    await client.query('DROP TABLE _prisma_migrations')
    await ensurePrismaTable(client, 'public')
    await ensurePrismaTable(client, 'public')
    const [own] = (await readCatalog(client)).relations.filter(({ name }) => name === '_prisma_migrations')
    expect({ ...own, oid: 0 }).toEqual({ ...made, oid: 0 })
  })

  it('is made in a schema that does not exist yet', async () => {
    await ensurePrismaTable(client, 'Shop "1"')
    await insertFinished(client, 'Shop "1"', migration(0))
    expect((await readHistory(client, 'Shop "1"')).map(({ id }) => id)).toEqual(['1_a'])
  })

  it('makes Prisma refuse while a migration is begun, and go on when it is finished', async () => {
    await ensurePrismaTable(client, 'public')
    await insertFinished(client, 'public', migration(0))
    const row = await insertStarted(client, 'public', migration(1))
    expect(await engine.diagnoseMigrationHistory(folder)).toMatchObject({
      failedMigrationNames: ['2_b'],
      editedMigrationNames: [],
    })
    await expect(engine.applyMigrations(folder)).rejects.toThrow()
    expect(choosePending(migrations, await readHistory(client, 'public')).failed.map(({ id }) => id)).toEqual(['2_b'])
    await markFinished(client, 'public', row)
    expect(await engine.diagnoseMigrationHistory(folder)).toMatchObject({ failedMigrationNames: [] })
    expect(await pendingIds()).toEqual(['3_c'])
    expect(await engine.applyMigrations(folder)).toEqual(['3_c'])
    expect(await pendingIds()).toEqual([])
  })

  it('makes a migration pending again when it was rolled back or its row is removed', async () => {
    await ensurePrismaTable(client, 'public')
    await insertStarted(client, 'public', migration(0))
    expect(await markRolledBack(client, 'public', '1_a')).toBe(1)
    expect(await markRolledBack(client, 'public', '1_a')).toBe(0)
    const row = await insertStarted(client, 'public', migration(1))
    await deleteRow(client, 'public', row)
    expect(await pendingIds()).toEqual(['1_a', '2_b', '3_c'])
    expect(await engine.applyMigrations(folder)).toEqual(['1_a', '2_b', '3_c'])
  })

  it('tells edited, missing and out-of-order migrations as Prisma does', async () => {
    write('4_d', 'SELECT 1')
    rmSync(path.join(folder, '2_b'), { recursive: true })
    await engine.applyMigrations(folder)
    rmSync(path.join(folder, '3_c'), { recursive: true })
    write('2_b', 'SELECT 2')
    write('1_a', '-- edited')
    const found = choosePending(await readMigrationsFolder(folder), await readHistory(client, 'public'))
    expect(found.pending.map(({ id }) => id)).toEqual(['2_b'])
    expect(found).toMatchObject({ edited: ['1_a'], missing: ['3_c'], outOfOrder: ['2_b'], failed: [] })
    expect(found.warnings).toHaveLength(3)
    expect(await engine.diagnoseMigrationHistory(folder)).toMatchObject({
      editedMigrationNames: ['1_a'],
      history: { unappliedMigrationNames: ['2_b'], unpersistedMigrationNames: ['3_c'] },
    })
    expect(await engine.applyMigrations(folder)).toEqual(['2_b'])
  })
})
