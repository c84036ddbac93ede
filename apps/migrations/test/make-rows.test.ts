import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { type MadeRows, makeRows } from '../src/engine/rehearse/make-rows.ts'

let server: Server
let databases = 0

beforeAll(async () => {
  server = await startTestServer(18)
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN')
  await admin.end()
})

afterAll(async () => {
  await server.stop()
})

interface Setup extends MadeRows {
  client: Client
  rows(table: string, columns?: string): Promise<Record<string, string>[]>
}

/** Makes rows in every table of a database with the schema, for the pending statements. */
async function setup(schema: string, pending = '', leaveOut: string[] = []): Promise<Setup> {
  databases += 1
  const name = `rows_${databases}`
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE DATABASE ${name} OWNER owner`)
  await admin.end()
  const client = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'test' })
  await client.query(schema)
  const catalog = await readCatalog(client)
  const statements = await parseMigration({ id: 'm', checksum: '', sql: pending })
  const tables = catalog.relations.filter((relation) => !leaveOut.includes(relation.name))
  const made = await makeRows(client, catalog, { tables, statements, seed: 1, rowsPerTable: 8 })
  const rows: Setup['rows'] = async (table, columns = '*') =>
    (await client.query<Record<string, string>>(`SELECT ${columns} FROM ${table}`)).rows
  return { ...made, client, rows }
}

const types = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE DOMAIN percent AS numeric(5, 2) NOT NULL CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
CREATE TABLE every_type (
  c1 smallint NOT NULL, c2 int NOT NULL, c3 bigint NOT NULL, c4 numeric NOT NULL, c5 numeric(6, 2) NOT NULL, c6 numeric(2, 2) NOT NULL,
  c7 real NOT NULL, c8 float8 NOT NULL, c9 money NOT NULL, c10 boolean NOT NULL, c11 text NOT NULL, c12 varchar(3) NOT NULL,
  c13 char(2) NOT NULL, c14 "char" NOT NULL, c15 name NOT NULL, c16 uuid NOT NULL, c17 date NOT NULL, c18 timestamp(3) NOT NULL,
  c19 timestamptz NOT NULL, c20 time NOT NULL, c21 timetz(0) NOT NULL, c22 interval NOT NULL, c23 json NOT NULL, c24 jsonb NOT NULL,
  c25 bytea NOT NULL, c26 bit(3) NOT NULL, c27 varbit(5) NOT NULL, c28 inet NOT NULL, c29 cidr NOT NULL, c30 macaddr NOT NULL,
  c31 macaddr8 NOT NULL, c32 tsvector NOT NULL, c33 tsquery NOT NULL, c34 point NOT NULL, c35 line NOT NULL, c36 lseg NOT NULL,
  c37 box NOT NULL, c38 path NOT NULL, c39 polygon NOT NULL, c40 circle NOT NULL, c41 xml NOT NULL, c42 int4range NOT NULL,
  c43 int8range NOT NULL, c44 numrange NOT NULL, c45 daterange NOT NULL, c46 tsrange NOT NULL, c47 tstzrange NOT NULL,
  c48 int4multirange NOT NULL, c49 tstzmultirange NOT NULL, c50 mood NOT NULL, c51 pair NOT NULL, c52 span NOT NULL, c53 percent,
  c54 code NOT NULL, c55 citext NOT NULL, c56 hstore NOT NULL, c57 ltree NOT NULL, c58 text[] NOT NULL, c59 mood[] NOT NULL,
  c60 int[] NOT NULL, c61 jsonb[] NOT NULL, c62 timestamptz[] NOT NULL, c63 oid NOT NULL, c64 pg_lsn NOT NULL, c65 regclass NOT NULL,
  c66 bit NOT NULL, c67 char NOT NULL, c68 pair[] NOT NULL
);`

describe('makeRows', () => {
  it('knows values of every type, with every label of an enum', async () => {
    const { empty, rows } = await setup(types)
    expect(empty).toEqual([])
    const made = await rows('every_type', 'c50, c11, c17')
    expect(made.length).toBeGreaterThanOrEqual(5)
    expect(new Set(made.map((row) => row['c50']))).toEqual(new Set(['sad', 'ok', 'happy']))
    expect(new Set(made.map((row) => row['c11'])).size).toBeGreaterThan(4)
  })

  it('satisfies keys, checks and references, in cycles and within a table too', async () => {
    const { empty, rows } = await setup(`
      CREATE TABLE tenants (id serial PRIMARY KEY, slug varchar(4) NOT NULL UNIQUE);
      CREATE TABLE users (tenant_id int NOT NULL REFERENCES tenants, id bigint GENERATED ALWAYS AS IDENTITY, email text NOT NULL,
        boss bigint, first_post int, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, boss) REFERENCES users, upper_email text GENERATED ALWAYS AS (upper(email)) STORED);
      CREATE UNIQUE INDEX ON users (lower(email));
      CREATE TABLE posts (id int PRIMARY KEY, tenant_id int NOT NULL, author bigint NOT NULL, state text NOT NULL CHECK (state IN ('draft', 'out')),
        length int NOT NULL CHECK (length > 10 AND length % 2 = 0), published timestamptz, CHECK ((state = 'out') = (published IS NOT NULL)),
        FOREIGN KEY (tenant_id, author) REFERENCES users);
      ALTER TABLE users ADD FOREIGN KEY (first_post) REFERENCES posts;
      CREATE TABLE likes (post int REFERENCES posts, tenant int, person bigint, PRIMARY KEY (post, tenant, person), FOREIGN KEY (tenant, person) REFERENCES users (tenant_id, id));
      CREATE TABLE roots (id int PRIMARY KEY, parent int NOT NULL REFERENCES roots);
      CREATE TABLE eggs (id int PRIMARY KEY, hen int NOT NULL);
      CREATE TABLE hens (id int PRIMARY KEY, egg int NOT NULL REFERENCES eggs DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE eggs ADD FOREIGN KEY (hen) REFERENCES hens DEFERRABLE;
      CREATE TABLE one_of (id int PRIMARY KEY, post int REFERENCES posts, root int REFERENCES roots, CHECK (num_nonnulls(post, root) = 1));
      CREATE TABLE profiles (id int PRIMARY KEY REFERENCES posts, color text NOT NULL CHECK (color ~ '^#[0-9a-f]{6}$'), flags boolean[] NOT NULL);
      CREATE EXTENSION btree_gist;
      CREATE TABLE bookings (room int NOT NULL, during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&));
      CREATE TABLE events (id int, at timestamptz NOT NULL, kind text NOT NULL, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
      CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2003-01-01') TO ('2004-01-01') PARTITION BY LIST (kind);
      CREATE TABLE events_a_x PARTITION OF events_a FOR VALUES IN ('x', 'y');
      CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2004-01-01') TO ('2005-01-01');`)
    expect(empty).toEqual([])
    expect((await rows('likes')).length).toBeGreaterThanOrEqual(5)
    expect((await rows('posts', 'DISTINCT state')).length).toBe(2)
    expect((await rows('users WHERE first_post IS NOT NULL')).length).toBeGreaterThan(0)
    expect((await rows('users WHERE boss IS NULL')).length).toBeGreaterThan(0)
  })

  it('leaves sequences behind the rows', async () => {
    const { client } = await setup(
      'CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED BY DEFAULT AS IDENTITY UNIQUE)',
    )
    await client.query('INSERT INTO t DEFAULT VALUES')
  })

  it('names the table that it cannot fill', async () => {
    const { empty, made } = await setup(
      'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a); CREATE TABLE c (id int CHECK (id <> id) NOT NULL)',
      '',
      ['a'],
    )
    expect(empty.map((table) => table.name).sort()).toEqual(['b', 'c'])
    expect(made.get('public.b')).toBe(0)
  })

  it('goes past a trigger that refuses rows where the session may, else leaves the table empty', async () => {
    const schema = `CREATE TABLE t (id int);
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
      CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();`
    const { client, empty } = await setup(schema)
    expect(empty).toHaveLength(1)
    const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name')
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(
      'CREATE ROLE filler LOGIN IN ROLE owner; GRANT SET ON PARAMETER session_replication_role TO filler',
    )
    const filler = await connect({
      connectionString: server.url(rows[0]?.name, 'filler'),
      applicationName: 'test',
      settings: { role: 'owner' },
    })
    const options = { tables: [{ schema: 'public', name: 't' }], statements: [], seed: 1, rowsPerTable: 8 }
    expect((await makeRows(filler, await readCatalog(filler), options)).empty).toEqual([])
    const session = await filler.query(
      "SELECT current_user::text AS name, current_setting('session_replication_role') AS role",
    )
    expect(session.rows).toEqual([{ name: 'owner', role: 'origin' }])
    await filler.end()
    await admin.end()
  })

  it('makes rows on both sides of the conditions of pending statements', async () => {
    const { client } = await setup(
      `CREATE TABLE orders (id int PRIMARY KEY, state text, total int, data jsonb, paid_at timestamp, email text);
       CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL UNIQUE)`,
      `UPDATE orders SET total = 0 WHERE state = 'legacy' AND total > 1000;
       UPDATE orders SET state = CASE state WHEN 'new' THEN 'open' WHEN 'old' THEN 'done' END WHERE state IN ('new', 'old', 'odd');
       DELETE FROM orders WHERE data->>'kind' = 'trash' OR state LIKE 'tmp\\_%';
       UPDATE orders SET paid_at = NULL WHERE paid_at < '1999-12-31';
       UPDATE orders SET id = orders.id FROM people WHERE people.email = orders.email`,
    )
    const count = async (condition: string, from = 'orders'): Promise<number> =>
      (await client.query(`SELECT FROM ${from} WHERE ${condition}`)).rowCount ?? 0
    for (const condition of [
      "state = 'legacy' AND total > 1000",
      "state = 'new'",
      "state = 'old'",
      "state = 'odd'",
      "data->>'kind' = 'trash'",
      "state LIKE 'tmp\\_%'",
      "paid_at = '1999-12-31'",
      "state NOT IN ('legacy', 'new', 'old', 'odd')",
    ]) {
      expect(`${condition}: ${(await count(condition)) > 0}`).toBe(`${condition}: true`)
    }
    expect(await count('people.email = orders.email', 'orders, people')).toBeGreaterThan(0)
  })

  it('makes rows that what the pending statements add will accept', async () => {
    const pending = `ALTER TABLE t ALTER COLUMN n TYPE int USING n::integer;
      CREATE TYPE size AS ENUM ('S', 'L'); ALTER TABLE t ALTER COLUMN size TYPE size USING size::size;
      ALTER TABLE t ADD CHECK (price > 5), ALTER COLUMN price SET NOT NULL;
      CREATE UNIQUE INDEX ON t (flag, price); ALTER TABLE t ADD FOREIGN KEY (other) REFERENCES o (id);
      ALTER TABLE t RENAME COLUMN old TO young; ALTER TABLE t ALTER COLUMN young SET NOT NULL`
    const { client } = await setup(
      'CREATE TABLE o (id text PRIMARY KEY); CREATE TABLE t (n text, size text, price int, flag boolean, other text, old text)',
      pending,
    )
    await client.query(pending)
    expect((await client.query('SELECT FROM t')).rowCount).toBeGreaterThanOrEqual(5)
  })

  it('gives the same rows for the same seed, none of them of the present', async () => {
    const schema = `${types} CREATE TABLE later (id serial PRIMARY KEY, at timestamptz DEFAULT now(), c54 code UNIQUE)`
    const contents = async ({ client }: Setup): Promise<unknown> => {
      const { rows } = await client.query(
        'SELECT (SELECT array_agg(t::text) FROM every_type t), (SELECT array_agg(l::text) FROM later l)',
      )
      return rows
    }
    const [one, other] = [await setup(schema), await setup(schema)]
    expect(await contents(one)).toEqual(await contents(other))
    expect(await one.rows("later WHERE at > '2011-01-01'")).toEqual([])
  })
})
