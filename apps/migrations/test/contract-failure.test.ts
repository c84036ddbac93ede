import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { complete, deploy, type Target, undo } from '../src/engine/index.ts'
import { noVolatileColumns } from '../src/engine/prove/volatile-columns.ts'
import { compareCatalogs, compareContents, readCatalog } from '../src/engine/testing.ts'
import { startServerWithRoles } from './fixtures/server-with-roles.ts'

let server: Server

beforeAll(async () => {
  server = await startServerWithRoles()
})

afterAll(async () => {
  await server.stop()
})

const tables = `
  CREATE TABLE accounts (id integer PRIMARY KEY, provider text NOT NULL, active boolean NOT NULL, number integer);
  CREATE INDEX accounts_provider_idx ON accounts (provider);
  CREATE TABLE imported (id integer PRIMARY KEY, active boolean NOT NULL);
  INSERT INTO accounts SELECT n, 'p' || n, true, n FROM generate_series(1, 50) n;
  INSERT INTO imported SELECT 40 + n, true FROM generate_series(1, 20) n;
`

// The INSERT has to follow the removals, and meets keys that are there.
const migration = `
  ALTER TABLE accounts DROP COLUMN provider, ADD COLUMN provider integer DEFAULT 1;
  CREATE INDEX accounts_provider_idx ON accounts (provider);
  ALTER TABLE accounts ALTER COLUMN provider SET DEFAULT 2;
  ALTER TABLE accounts DROP COLUMN active;
  INSERT INTO accounts (id, number) SELECT id, 1 FROM imported WHERE active;
`

async function setup(name: string) {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE DATABASE ${name}_before OWNER owner`)
  const open = (database: string) =>
    connect({
      connectionString: server.url(database, 'owner'),
      applicationName: 'test',
      settings: { search_path: 'public' },
    })
  const seeding = await open(`${name}_before`)
  await seeding.query(tables)
  await seeding.end()
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${name}_before OWNER owner`)
  await admin.end()
  const migrationsFolder = await mkdtemp(path.join(tmpdir(), 'freehold-contract-'))
  await mkdir(path.join(migrationsFolder, '1_accounts'))
  await writeFile(path.join(migrationsFolder, '1_accounts/migration.sql'), migration)
  const target: Target = {
    databaseUrl: server.url(name, 'owner'),
    migrationsFolder,
    schema: 'public',
    onFact: () => {},
    signal: new AbortController().signal,
  }
  const [before, client] = [await open(`${name}_before`), await open(name)]
  return {
    target,
    client,
    async differences() {
      const catalog = await readCatalog(before)
      const schemas = compareCatalogs(catalog, await readCatalog(client))
      const nowFrom = new Date()
      return schemas.length > 0
        ? schemas
        : await compareContents(before, client, catalog, { volatile: noVolatileColumns, nowFrom })
    },
    async [Symbol.asyncDispose]() {
      await before.end()
      await client.end()
      await rm(migrationsFolder, { recursive: true })
    },
  }
}

it('leaves the database as it was when a statement behind dropped columns fails on the rows', async () => {
  await using made = await setup('failing')
  await expect(deploy(made.target, { phase: 'all', completePrevious: false, maxLockMs: 500 })).rejects.toMatchObject({
    details: { sqlstate: '23505' },
  })
  expect(await made.differences()).toEqual([])
})

it('leaves the window open when the contract phase fails in it, and keeps it for whoever comes next', async () => {
  await using made = await setup('in_window')
  await deploy(made.target, { phase: 'expand', completePrevious: false, maxLockMs: 500 })
  for (const again of [1, 2]) {
    const attempt =
      again === 1
        ? complete(made.target, { maxLockMs: 500 })
        : deploy(made.target, { phase: 'all', completePrevious: false, maxLockMs: 500 })
    await expect(attempt).rejects.toMatchObject({
      definition: { code: 'FHD_MIGRATE_CONTRACT_FAILED' },
      details: { sqlstate: '23505' },
    })
  }
  const { rows } = await made.client.query('SELECT state FROM freehold.migration_runs')
  expect(rows).toEqual([{ state: 'windowOpen' }])
  await undo(made.target, { dryRun: false, maxLockMs: 500 })
  expect(await made.differences()).toEqual([])
})
