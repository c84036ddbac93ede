import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Target } from '../src/engine/commands/target.ts'
import { readHistory } from '../src/engine/read/prisma-table.ts'
import { openRunner } from '../src/engine/run/runner.ts'
import { aPlan, aTarget, createOrders } from './fixtures/hand-made-plan.ts'

let server: Server
let client: Client

beforeAll(async () => {
  server = await startTestServer(18)
  await (await createOrders(server, 'orders')).end()
  client = await connect({ connectionString: server.url('orders', 'owner'), applicationName: 'test' })
})

afterAll(async () => {
  await client.end()
  await server.stop()
})

/** Runs the files in a schema of their own, which does not exist yet. */
async function runFiles(schema: string, files: Record<string, string>, more: Partial<Target> = {}) {
  const migrations = Object.entries(files).map(([id, sql]) => ({ id, checksum: id.padEnd(64, '0'), sql }))
  const runner = await openRunner({ ...aTarget(server, 'orders'), schema, ...more })
  try {
    return await runner.runAsWritten({ ...aPlan([]), mode: 'asWritten', migrations }, migrations)
  } finally {
    await runner.close()
  }
}

it('runs each file with its row in one transaction, from the same start', async () => {
  const run = await runFiles('written', {
    '1_table': '\uFEFFCREATE TABLE items (id int); -- the end',
    '2_dump': "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE written.parts (id int)",
    '3_blocks': 'BEGIN; ALTER TABLE items ADD COLUMN name text; COMMIT;',
    '4_index': 'CREATE INDEX CONCURRENTLY items_name_idx ON items (name);',
    '5_comment': '-- nothing to do',
  })
  expect(run.state).toBe('done')
  const rows = await readHistory(client, 'written')
  expect(rows.map((row) => [row.id, row.finishedAt !== null, row.appliedStepsCount])).toEqual(
    ['1_table', '2_dump', '3_blocks', '4_index', '5_comment'].map((id) => [id, true, 1]),
  )
  const index = await client.query(
    `SELECT indisvalid FROM pg_index WHERE indexrelid = 'written.items_name_idx'::regclass`,
  )
  expect(index.rows).toEqual([{ indisvalid: true }])
})

it('leaves nothing of a file that fails, and says where it does', async () => {
  const work = runFiles('failing', {
    '1_table': 'CREATE TABLE items (id int)',
    '2_wrong': "CREATE TABLE parts (id int);\nCREATE TABLE other (\n  'é' idd int\n);",
    '3_later': 'CREATE TABLE later (id int)',
  })
  await expect(work).rejects.toMatchObject({
    definition: { code: 'FHD_MIGRATE_STEP_FAILED' },
    details: { sqlstate: '42601', migrationId: '2_wrong', line: 3, column: 3, lines: ["  'é' idd int", '  ^'] },
  })
  expect((await readHistory(client, 'failing')).map((row) => row.id)).toEqual(['1_table'])
  const tables = await client.query(
    `SELECT relname FROM pg_class WHERE relnamespace = 'failing'::regnamespace AND relkind = 'r'`,
  )
  expect(tables.rows.map((row) => row.relname).sort()).toEqual(['_prisma_migrations', 'items'])
})

it('refuses a file that mixes what Postgres runs in no transaction with other statements', async () => {
  const mixed = 'CREATE TABLE items (id int); CREATE INDEX CONCURRENTLY items_id_idx ON items (id)'
  await expect(runFiles('mixed', { '1_mixed': mixed })).rejects.toMatchObject({ details: { sqlstate: '25001' } })
  expect(await readHistory(client, 'mixed')).toEqual([])
})

it('stops between two files', async () => {
  const stop = new AbortController()
  const onFact: Target['onFact'] = (fact) => {
    if (fact.kind === 'stepStarted') {
      stop.abort()
    }
  }
  const files = { '1_table': 'CREATE TABLE items (id int)', '2_table': 'CREATE TABLE parts (id int)' }
  await expect(runFiles('stopped', files, { onFact, signal: stop.signal })).rejects.toMatchObject({
    definition: { code: 'FHD_MIGRATE_STOPPED' },
  })
  expect((await readHistory(client, 'stopped')).map((row) => row.id)).toEqual(['1_table'])
})
