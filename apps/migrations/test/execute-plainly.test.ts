import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Action, Step } from '../src/engine/plan/step.ts'
import { executePlainly, StepError } from '../src/engine/run/execute-plainly.ts'

let server: Server
let client: Client

beforeAll(async () => {
  server = await startTestServer(18)
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN')
  await admin.query('CREATE DATABASE shop OWNER owner')
  await admin.end()
  client = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
  await client.query(`CREATE TABLE public.orders (region text, id int, total int, PRIMARY KEY (region, id))`)
  await client.query(`INSERT INTO orders SELECT 'r' || n % 3, n, NULL FROM generate_series(1, 20) n`)
})

afterAll(async () => {
  await client.end()
  await server.stop()
})

const none: Action = { kind: 'none' }

function aStep(id: string, action: Action, undo: Action = none): Step {
  return {
    id,
    migrationId: 'm',
    statements: [0],
    phase: 'expand',
    mechanism: 'brief',
    reason: '',
    do: action,
    undo,
    estimate: { holdMs: 1, durationMs: 1, walBytes: 0, diskBytes: 0 },
  }
}

function aTransaction(sql: string[], more: Partial<Extract<Action, { kind: 'transaction' }>> = {}): Action {
  return { kind: 'transaction', sql, locks: [], patience: 'bounded', settings: {}, ...more }
}

const fill: Action = {
  kind: 'batch',
  schema: 'public',
  table: 'orders',
  key: [
    { name: 'region', type: 'text' },
    { name: 'id', type: 'integer' },
  ],
  boundary: `SELECT region::text, id::text FROM (SELECT region, id FROM orders
      WHERE $1 IS NULL OR (region, id) > ($1, $2::int) ORDER BY 1, 2 LIMIT $3) r
      ORDER BY region DESC, r.id::int DESC LIMIT 1`,
  sql: [
    `INSERT INTO freehold.kept_orders SELECT region, id, total FROM orders
        WHERE ($1 IS NULL OR (region, id) > ($1, $2::int)) AND (region, id) <= ($3, $4::int) AND total IS NULL`,
    `UPDATE orders SET total = 7, at = $5::timestamptz
        WHERE ($1 IS NULL OR (region, id) > ($1, $2::int)) AND (region, id) <= ($3, $4::int) AND total IS NULL`,
  ],
  before: ['CREATE TABLE freehold.kept_orders (region text, id int, total int)'],
  after: [],
  settings: { search_path: 'public' },
}

it('carries out each kind of step, and takes them back', async () => {
  const steps = [
    aStep(
      'e01',
      aTransaction(['ALTER TABLE public.orders ADD COLUMN at timestamptz -- when'], {
        locks: [{ schema: 'public', name: 'orders', mode: 'AccessExclusiveLock' }],
      }),
      aTransaction(['ALTER TABLE public.orders DROP COLUMN at']),
    ),
    aStep(
      'e02',
      {
        kind: 'concurrent',
        sql: 'CREATE INDEX CONCURRENTLY orders_total_idx ON public.orders (total)',
        done: `SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('public.orders_total_idx') AND indisvalid`,
        cleanup: ['DROP INDEX CONCURRENTLY IF EXISTS public.orders_total_idx'],
      },
      {
        kind: 'concurrent',
        sql: 'DROP INDEX CONCURRENTLY public.orders_total_idx',
        done: `SELECT to_regclass('public.orders_total_idx') IS NULL`,
        cleanup: [],
      },
    ),
    aStep(
      'b01',
      fill,
      aTransaction([
        'UPDATE orders o SET total = k.total FROM freehold.kept_orders k WHERE (o.region, o.id) = (k.region, k.id)',
        'DROP TABLE freehold.kept_orders',
      ]),
    ),
    aStep('c01', {
      kind: 'check',
      examples: 'SELECT id::text FROM orders WHERE total IS NULL LIMIT 3',
      count: 'SELECT count(*) FROM orders WHERE total IS NULL',
      sqlstate: '23502',
      message: 'orders without a total',
      atPlan: false,
    }),
  ]
  const rows = await executePlainly(client, steps, 'do')
  expect(rows.get('b01')).toBe(20)
  const filled = await client.query(
    'SELECT count(*)::int AS n, count(DISTINCT at)::int AS times FROM orders WHERE total = 7',
  )
  expect(filled.rows).toEqual([{ n: 20, times: 1 }])
  await executePlainly(client, steps, 'undo')
  const emptied = await client.query(
    `SELECT count(total)::int AS n, to_regclass('orders_total_idx') AS index FROM orders`,
  )
  expect(emptied.rows).toEqual([{ n: 0, index: null }])
  await expect(executePlainly(client, steps.slice(3), 'do')).rejects.toMatchObject({ sqlstate: '23502', stepId: 'c01' })
})

it('gives the SQLSTATE that the plain statement would have given', async () => {
  const step = aStep('e01', aTransaction(['SELECT 1', 'SELECT 1 / 0'], { sqlstates: [['22012', '23502']] }))
  const error = await executePlainly(client, [step], 'do').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StepError)
  expect(error).toMatchObject({ stepId: 'e01', sqlstate: '23502', message: 'division by zero' })
})

it('finds a lock on a relation that does not exist, and passes over one that LOCK TABLE cannot take', async () => {
  const wrong = aTransaction(['SELECT 1'], { locks: [{ schema: 'public', name: 'nowhere', mode: 'ShareLock' }] })
  await expect(executePlainly(client, [aStep('e01', wrong)], 'do')).rejects.toMatchObject({ sqlstate: '42P01' })
  const index = aTransaction(['SELECT 1'], { locks: [{ schema: 'public', name: 'orders_pkey', mode: 'ShareLock' }] })
  await executePlainly(client, [aStep('e01', index)], 'do')
})
