import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { splitStatement } from '../src/engine/parse/split-statement.ts'
import type { Observation } from '../src/engine/rehearse/observation.ts'
import { type Rehearsal, rehearseMigrations } from '../src/engine/rehearse/rehearse-migrations.ts'

const schema = `
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, note text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total int, placed timestamptz, code varchar(10));
CREATE INDEX orders_total ON orders (total);
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;
CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2001 PARTITION OF events FOR VALUES FROM ('2001-01-01') TO ('2002-01-01');
CREATE TABLE events_2002 (id int, at date NOT NULL);
CREATE TABLE empty_table (id int, other int);
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders;
CREATE FUNCTION touch() RETURNS void LANGUAGE sql AS 'UPDATE customers SET note = email';
CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS 'BEGIN UPDATE orders SET total = 1; COMMIT; CREATE TABLE stepped (); END';
INSERT INTO customers SELECT i, i || '@example.com', NULL FROM generate_series(1, 5) AS i;
INSERT INTO orders SELECT i, i, i * 10, '2001-01-01', i::text FROM generate_series(1, 5) AS i;
INSERT INTO events SELECT i, '2001-03-01' FROM generate_series(1, 5) AS i;
REFRESH MATERIALIZED VIEW totals;`

let server: Server
let databases = 0

beforeAll(async () => {
  server = await startTestServer(18)
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN')
  await admin.query('CREATE DATABASE shop OWNER owner')
  await admin.end()
  const owner = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
  await owner.query(schema)
  await owner.end()
})

afterAll(async () => {
  await server.stop()
})

/** Rehearses migrations, one a text, on a copy of the shop. */
async function rehearse(...migrations: string[]): Promise<Rehearsal & { settings: Record<string, string> }> {
  databases += 1
  const name = `copy_${databases}`
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE DATABASE ${name} TEMPLATE shop OWNER owner STRATEGY FILE_COPY`)
  await admin.end()
  const client = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'test' })
  await client.query('SET search_path = public')
  const statements = []
  for (const [position, sql] of migrations.entries()) {
    for (const statement of await parseMigration({ id: `m${position}`, checksum: '', sql })) {
      statements.push({ statement, units: splitStatement(statement) })
    }
  }
  const rehearsal = await rehearseMigrations(client, statements, { isTolerated: () => false })
  const { rows } = await client.query<{ name: string; setting: string }>('SELECT name, setting FROM pg_settings')
  await client.end()
  return { ...rehearsal, settings: Object.fromEntries(rows.map((row) => [row.name, row.setting])) }
}

/** Short form of what was seen: locks as `table:mode`, then tables. */
function seenIn({ locks, rewrites, indexBuilds, scans }: Observation) {
  const names = (tables: { name: string }[]): string => tables.map((table) => table.name).join(' ')
  return [
    locks.map((lock) => `${lock.name}:${lock.mode.replace('Lock', '')}`).join(' '),
    names(rewrites),
    names(indexBuilds),
    names(scans),
  ]
}

describe('rehearseMigrations', () => {
  // Statement; locks; rewritten tables; tables whose indexes are built; tables that are read in full.
  it.each([
    ['ALTER TABLE orders ADD COLUMN a int', 'orders:AccessExclusive', '', '', ''],
    [
      'ALTER TABLE orders ADD COLUMN a uuid DEFAULT gen_random_uuid()',
      'orders:AccessExclusive',
      'orders',
      'orders',
      'orders',
    ],
    ['ALTER TABLE orders ALTER COLUMN total TYPE bigint', 'orders:AccessExclusive', 'orders', 'orders', 'orders'],
    ['ALTER TABLE orders ALTER COLUMN code TYPE text', 'orders:AccessExclusive', '', '', ''],
    ['ALTER TABLE orders ALTER COLUMN total SET NOT NULL', 'orders:AccessExclusive', '', '', 'orders'],
    ['ALTER TABLE empty_table ALTER COLUMN other SET NOT NULL', 'empty_table:AccessExclusive', '', '', 'empty_table'],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)', 'orders:AccessExclusive', '', '', 'orders'],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID', 'orders:AccessExclusive', '', '', ''],
    ['ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check', 'orders:ShareUpdateExclusive', '', '', 'orders'],
    [
      'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
      'customers:ShareRowExclusive orders:ShareRowExclusive',
      '',
      '',
      'customers orders',
    ],
    ['CREATE TABLE lines (order_id int REFERENCES orders)', 'orders:ShareRowExclusive', '', '', ''],
    ['ALTER TABLE orders ADD UNIQUE (code)', 'orders:AccessExclusive', '', 'orders', 'orders'],
    ['CREATE INDEX i ON orders (code)', 'orders:Share', '', 'orders', 'orders'],
    ['CREATE INDEX CONCURRENTLY i ON orders (code)', 'orders:ShareUpdateExclusive', '', 'orders', 'orders'],
    ['CREATE INDEX i ON events (id)', 'events:Share events_2001:Share', '', 'events_2001', 'events_2001'],
    ['DROP INDEX orders_total', 'orders:AccessExclusive', '', '', ''],
    ['DROP INDEX CONCURRENTLY orders_total', 'orders:ShareUpdateExclusive', '', '', ''],
    [
      "ALTER TABLE events ATTACH PARTITION events_2002 FOR VALUES FROM ('2002-01-01') TO ('2003-01-01')",
      'events:ShareUpdateExclusive events_2002:AccessExclusive',
      '',
      '',
      'events_2002',
    ],
    [
      'ALTER TABLE events DETACH PARTITION events_2001 CONCURRENTLY',
      'events:ShareUpdateExclusive events_2001:AccessExclusive',
      '',
      '',
      '',
    ],
    ['REFRESH MATERIALIZED VIEW totals', 'orders:AccessShare totals:AccessExclusive', 'totals', '', 'orders'],
    ['ALTER TABLE orders SET UNLOGGED', 'orders:AccessExclusive', 'orders', 'orders', 'orders'],
    ['DROP TABLE orders CASCADE', 'orders:AccessExclusive totals:AccessExclusive', '', '', ''],
    ["UPDATE orders SET code = 'x' WHERE total > 20", 'orders:RowExclusive', '', '', 'orders'],
    ['VACUUM orders', 'orders:ShareUpdateExclusive', '', '', ''],
  ])('sees what Postgres does for %s', async (sql, ...expected) => {
    const { statements, failure } = await rehearse(sql)
    expect(failure).toBeNull()
    const observation = statements[0]?.observation as Observation
    const [locks, rewrites, builds, scans] = seenIn(observation)
    expect([locks, rewrites, builds, scans?.split(' ').sort().join(' ')]).toEqual(expected)
  })

  it('names a relation as it was called right before the statement', async () => {
    const { statements } = await rehearse(
      'ALTER TABLE orders RENAME TO purchases; ALTER TABLE purchases ALTER COLUMN total SET NOT NULL; CREATE TABLE orders (); DROP TABLE orders',
    )
    const locks = statements.map(({ observation }) => observation.locks.map((lock) => lock.name).join())
    expect(locks).toEqual(['orders', 'purchases', '', ''])
    expect(statements[1]?.observation.scans).toEqual([{ schema: 'public', name: 'purchases' }])
  })

  it('observes each command of an ALTER TABLE for itself and leaves the run of the whole', async () => {
    const { statements, after } = await rehearse(
      'ALTER TABLE orders ADD COLUMN a int, ALTER COLUMN total SET NOT NULL, ADD FOREIGN KEY (customer_id) REFERENCES customers',
    )
    const units = statements[0]?.units.map(({ observation }) => [
      observation.locks.map((lock) => lock.name).join(' '),
      observation.scans
        .map((table) => table.name)
        .sort()
        .join(' '),
    ])
    expect(units).toEqual([
      ['orders', ''],
      ['orders', 'orders'],
      ['customers orders', 'customers orders'],
    ])
    const orders = after.relations.find((relation) => relation.name === 'orders')
    expect(orders?.columns.map((column) => column.name)).toContain('a')
  })

  it('tells what opaque code changed', async () => {
    const changes = async (sql: string) => (await rehearse(sql)).statements[0]?.observation.changes
    const none = { created: false, removed: [], changedOrRemoved: false, data: false }
    expect(await changes('SELECT touch()')).toEqual({ ...none, data: true })
    expect(await changes("DO 'DECLARE a int; BEGIN CREATE TABLE made (); END'")).toEqual({ ...none, created: true })
    expect(await changes("DO 'DECLARE a int; BEGIN ALTER TABLE orders DROP COLUMN code; END'")).toMatchObject({
      changedOrRemoved: true,
      removed: ['column public.orders.code'],
    })
    expect(await changes("DO 'BEGIN PERFORM 1; END'")).toEqual(none)
  })

  it('runs a procedure that commits outside a transaction', async () => {
    const { statements, failure } = await rehearse('CALL in_steps()')
    expect(failure).toBeNull()
    const observation = statements[0]?.observation
    expect(observation?.byRule).toBe(true)
    expect(observation?.createdRelations).toEqual([{ schema: 'public', name: 'stepped' }])
  })

  it('says what was created and how it reads', async () => {
    const { statements } = await rehearse(
      'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0), ADD UNIQUE (code)',
    )
    const observation = statements[0]?.observation
    expect(observation?.createdConstraints.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'orders_code_key u',
      'positive c',
    ])
    expect(observation?.createdIndexes[0]?.definition).toContain('ON public.orders USING btree (code)')
  })

  it('stops at the first failure and names the tables that it is about', async () => {
    const { failure, statements, after } = await rehearse(
      'ALTER TABLE orders ADD COLUMN a int; UPDATE orders SET customer_id = 99 WHERE id = 1; ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers; DROP TABLE events',
    )
    expect(failure?.error.sqlstate).toBe('23503')
    expect(failure?.relations.map((relation) => relation.name)).toEqual(['customers', 'orders'])
    expect(statements).toHaveLength(3)
    expect(after.relations.map((relation) => relation.name)).toContain('events')
  })

  it('holds SET for the session and SET LOCAL to the end of its file', async () => {
    const { settings, failure } = await rehearse(
      "SET LOCAL work_mem = '8MB'; SET extra_float_digits = 0; SET lock_timeout = '1ms'",
      'SELECT pg_sleep(0.01)',
    )
    expect(failure).toBeNull()
    expect(settings).toMatchObject({ work_mem: '4096', extra_float_digits: '0', lock_timeout: '0' })
  })

  it('does not run what reaches beyond the database', async () => {
    const { failure } = await rehearse("CREATE ROLE somebody; COPY orders TO PROGRAM 'cat'")
    expect(failure?.error.sqlstate).toBe('0A000')
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    const { rows } = await admin.query("SELECT FROM pg_roles WHERE rolname = 'somebody'")
    await admin.end()
    expect(rows).toEqual([])
  })

  it('leaves the catalog that a plain run leaves', async () => {
    const sql =
      'ALTER TABLE orders RENAME COLUMN code TO label; CREATE VIEW v AS SELECT label FROM orders; DROP TABLE events'
    const { after } = await rehearse(sql)
    const client = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
    await client.query(`SET search_path = public; BEGIN; ${sql}`)
    const plain = await readCatalog(client, { insideTransaction: true })
    await client.query('ROLLBACK')
    await client.end()
    expect(after.relations.map(({ name, columns }) => [name, columns.map((column) => column.name)])).toEqual(
      plain.relations.map(({ name, columns }) => [name, columns.map((column) => column.name)]),
    )
  })
})
