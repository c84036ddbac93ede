import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { splitStatement } from '../src/engine/parse/split-statement.ts'
import { inTransaction, nothing } from '../src/engine/plan/actions.ts'
import type { Action, Phase, Step } from '../src/engine/plan/step.ts'
import { type ProofResult, provePlan } from '../src/engine/prove/prove-plan.ts'
import { readSurroundings } from '../src/engine/rehearse/live-surroundings.ts'
import { makeRows } from '../src/engine/rehearse/make-rows.ts'
import { rehearseMigrations } from '../src/engine/rehearse/rehearse-migrations.ts'
import { openShadow, type Shadow } from '../src/engine/rehearse/shadow.ts'
import { openShadowHost, type ShadowHost } from '../src/engine/rehearse/shadow-host.ts'

const schema = `
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE, seen timestamptz);
CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer int REFERENCES customers, state state NOT NULL,
  total int NOT NULL CHECK (total >= 0), changed timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := clock_timestamp(); RETURN NEW; END';
CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
GRANT SELECT ON customers TO reader;`

let server: Server
let live: Client
let host: ShadowHost

beforeAll(async () => {
  server = await startTestServer(18)
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN; CREATE ROLE reader; CREATE ROLE stranger')
  await admin.query('CREATE DATABASE shop OWNER owner')
  await admin.end()
  live = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
  await live.query(`SET search_path = public; ${schema}`)
  host = await openShadowHost({ serverMajor: 18, liveUrl: server.url('shop', 'owner') })
})

afterAll(async () => {
  await host.close()
  await live.end()
  await server.stop()
})

async function openShopShadow(): Promise<Shadow> {
  return await openShadow({
    catalog: await readCatalog(live),
    live: await readSurroundings(live),
    schema: 'public',
    replay: async () => [schema],
    host,
  })
}

type Draft = [phase: Phase, run: string | Action, undo?: string | Action]

/** Proves that the steps do what the migration does. */
async function prove(migration: string, drafts: Draft[]): Promise<ProofResult> {
  const shadow = await openShopShadow()
  try {
    const before = await readCatalog(live)
    const statements = await parseMigration({ id: 'm', checksum: '', sql: migration })
    await shadow.fill((client) =>
      makeRows(client, before, { tables: before.relations, statements, seed: 1, rowsPerTable: 8 }),
    )
    const copy = await shadow.createCopy()
    const units = statements.map((statement) => ({ statement, units: splitStatement(statement) }))
    const { after, failure } = await rehearseMigrations(copy.client, units, { isTolerated: () => false, before })
    expect(failure).toBeNull()
    return await provePlan({ shadow, plain: copy.client, before, after, steps: drafts.map(toStep), statements })
  } finally {
    await shadow.close()
  }
}

function toStep([phase, run, undo]: Draft, position: number): Step {
  const action = (of: string | Action | undefined): Action =>
    of === undefined ? nothing : typeof of === 'string' ? inTransaction([of]) : of
  const estimate = { holdMs: 0, durationMs: null, walBytes: 0, diskBytes: 0 }
  return {
    id: `s${position}`,
    migrationId: 'm',
    statements: [position],
    phase,
    mechanism: 'brief',
    reason: 'test',
    do: action(run),
    undo: action(undo),
    estimate,
  }
}

const addColumn = "ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'shop'"

describe('openShadow', () => {
  it('gives copies equal to the live schema, with the same rows, as the live role with its rights', async () => {
    const shadow = await openShopShadow()
    const before = await readCatalog(live)
    await shadow.fill((client) =>
      makeRows(client, before, { tables: before.relations, statements: [], seed: 1, rowsPerTable: 8 }),
    )
    const [one, other] = [await shadow.createCopy(), await shadow.createCopy()]
    const contents = async ({ client }: { client: Client }): Promise<unknown> =>
      (await client.query("SELECT current_user, array_agg(o::text), nextval('customers_id_seq') FROM orders o")).rows
    expect(await contents(one)).toEqual(await contents(other))
    expect(shadow.hasLiveRoles).toBe(true)
    await expect(one.client.query("COPY orders TO PROGRAM 'cat'")).rejects.toThrow('permission denied')
    await shadow.close()
  })

  it.each([
    'FREEHOLD_SHADOW',
    'FREEHOLD_SHADOW_DATABASE_URL',
  ])('works on a server that lends no superuser, given by %s, and keeps its template there', async (variable) => {
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(`DROP ROLE IF EXISTS lender; CREATE ROLE lender LOGIN CREATEDB; ALTER ROLE owner CREATEDB`)
    const databases = async (): Promise<string[]> =>
      (
        await admin.query<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE 'freehold%'")
      ).rows.map((row) => row.name)
    const isLive = variable === 'FREEHOLD_SHADOW'
    vi.stubEnv(variable, isLive ? 'server' : server.url('postgres', 'lender'))
    const own = await openShadowHost({ serverMajor: 18, liveUrl: server.url('shop', 'owner') })
    vi.unstubAllEnvs()
    const options = {
      catalog: await readCatalog(live),
      live: await readSurroundings(live),
      schema: 'public',
      replay: async () => [],
      host: own,
    }
    for (const _ of [1, 2]) {
      const shadow = await openShadow(options)
      expect(shadow.hasLiveRoles).toBe(false)
      await shadow.fill((client) =>
        makeRows(client, options.catalog, {
          tables: options.catalog.relations,
          statements: [],
          seed: 1,
          rowsPerTable: 8,
        }),
      )
      const copy = await shadow.createCopy()
      const { rows } = await copy.client.query('SELECT current_user::text AS role, count(*)::int AS orders FROM orders')
      expect(rows).toEqual([{ role: isLive ? 'owner' : 'lender', orders: 8 }])
      await shadow.close()
    }
    await own.close()
    expect(await databases()).toEqual([expect.stringMatching(/^freehold_shadow_[0-9a-f]{32}$/)])
    for (const name of await databases()) {
      await admin.query(`DROP DATABASE ${name}`)
    }
    await admin.query('ALTER ROLE owner NOCREATEDB')
    await admin.end()
  })

  it('names the extension that stands in the way', async () => {
    const catalog = await readCatalog(live)
    const extension = { name: 'postgis', schema: 'public', version: '3', comment: null }
    const opening = openShadow({
      catalog: { ...catalog, extensions: [...catalog.extensions, extension] },
      live: await readSurroundings(live),
      schema: 'public',
      replay: async () => [],
      host,
    })
    await expect(opening).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_SHADOW' }, message: /"postgis"/ })
  })
})

describe('provePlan', () => {
  it('proves a plan that ends where the plain run ends', async () => {
    const migration = `${addColumn}; GRANT SELECT ON notes TO stranger; UPDATE orders SET total = total + 1 WHERE state = 'open'; ALTER TABLE customers DROP COLUMN seen`
    const result = await prove(migration, [
      ['expand', addColumn, 'ALTER TABLE orders DROP COLUMN source'],
      ['expand', 'GRANT SELECT ON notes TO stranger', 'REVOKE SELECT ON notes FROM stranger'],
      ['contract', "UPDATE orders SET total = total + 1 WHERE state = 'open'"],
      ['contract', 'ALTER TABLE customers DROP COLUMN seen'],
    ])
    expect(result).toMatchObject({ outcome: 'proven', proof: { stays: [] } })
    const exercised = result.outcome === 'proven' ? result.proof.exercised : []
    expect(exercised).toEqual([{ migrationId: 'm', index: 2, rows: expect.any(Number) }])
    expect(exercised[0]?.rows).toBeGreaterThan(0)
  })

  it('takes random, sequential and present values for equal, and nothing else', async () => {
    const migration = `ALTER TABLE notes ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid(), ADD COLUMN made timestamptz DEFAULT now();
      INSERT INTO notes (body) SELECT email FROM customers ORDER BY random()`
    const steps = (body: string): Draft[] => [
      [
        'expand',
        'ALTER TABLE notes ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()',
        'ALTER TABLE notes DROP COLUMN token',
      ],
      ['expand', 'ALTER TABLE notes ADD COLUMN made timestamptz DEFAULT now()', 'ALTER TABLE notes DROP COLUMN made'],
      ['contract', `INSERT INTO notes (body) SELECT ${body} FROM customers`],
    ]
    expect(await prove(migration, steps('email'))).toMatchObject({ outcome: 'proven' })
    expect(await prove(migration, steps("email || '!'"))).toMatchObject({
      outcome: 'different',
      where: 'contract',
      differences: [{ object: 'table public.notes', what: 'rows' }],
    })
  })

  it.each<[string, string, Draft[], object]>([
    [
      'another default',
      addColumn,
      [
        [
          'expand',
          "ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'web'",
          'ALTER TABLE orders DROP COLUMN source',
        ],
      ],
      { where: 'contract', differences: [{ object: 'column public.orders.source', what: 'default' }] },
    ],
    [
      'another default for the rows that there are',
      addColumn,
      [
        [
          'expand',
          "ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'web'",
          'ALTER TABLE orders DROP COLUMN source',
        ],
        ['contract', "ALTER TABLE orders ALTER COLUMN source SET DEFAULT 'shop'"],
      ],
      { where: 'contract', differences: [{ object: 'table public.orders', what: 'rows' }] },
    ],
    [
      'a row too few',
      'DELETE FROM orders WHERE total > 5',
      [['contract', 'DELETE FROM orders WHERE total > 6']],
      { where: 'contract', differences: [{ object: 'table public.orders', what: 'rows' }] },
    ],
    [
      'an undo that leaves a column',
      `${addColumn}, ADD COLUMN other int`,
      [
        ['expand', addColumn, 'ALTER TABLE orders DROP COLUMN source'],
        ['expand', 'ALTER TABLE orders ADD COLUMN other int', 'SELECT 1'],
      ],
      { where: 'undo', differences: [{ object: 'column public.orders.other', what: 'unexpected' }] },
    ],
    [
      'an undo that leaves other rows',
      'UPDATE customers SET email = lower(email)',
      [['backfill', 'UPDATE customers SET email = lower(email)', 'UPDATE customers SET email = upper(email)']],
      { where: 'undo', differences: [{ object: 'table public.customers', what: 'rows' }] },
    ],
    [
      'a step that fails',
      'ALTER TABLE orders DROP CONSTRAINT orders_total_check',
      [['contract', 'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 1000000)']],
      { where: 'contract', stepId: 's0', sqlstate: '23514' },
    ],
    [
      'a sequence that is behind',
      "SELECT setval('customers_id_seq', 500)",
      [['contract', "SELECT setval('customers_id_seq', 400)"]],
      { where: 'contract', differences: [{ object: 'sequence public.customers_id_seq', what: 'last value' }] },
    ],
  ])('finds %s', async (_, migration, drafts, expected) => {
    const result = await prove(migration, drafts)
    expect(result).toMatchObject({ outcome: 'different', ...expected })
  })

  it('lets an enum value stay behind, and only that', async () => {
    const add = "ALTER TYPE state ADD VALUE IF NOT EXISTS 'lost'"
    const stays: Action = { kind: 'none', reason: 'an enum value cannot be removed' }
    const plan: Draft[] = [
      ['expand', add, stays],
      ['expand', addColumn, 'ALTER TABLE orders DROP COLUMN source'],
    ]
    const result = await prove(`${add}; ${addColumn}`, plan)
    expect(result).toMatchObject({
      outcome: 'proven',
      proof: { stays: ['type public.state: an enum value cannot be removed'] },
    })
    const worse = await prove(`${add}; ${addColumn}`, [plan[0] as Draft, ['expand', addColumn, 'SELECT 1']])
    expect(worse).toMatchObject({ outcome: 'different', where: 'undo' })
  })
})
