/** Data statements as batches, and taken back, against the plain statement on the same rows. */
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { toDataStatement } from '../src/engine/plan/data/analyse-data-statement.ts'
import { isRefusal, type PlanningUnit } from '../src/engine/plan/draft.ts'
import { batched } from '../src/engine/plan/mechanisms/batched.ts'
import { createContext } from '../src/engine/plan/plan-context.ts'
import type { Step } from '../src/engine/plan/step.ts'
import { executePlainly } from '../src/engine/run/execute-plainly.ts'

const schema = `
CREATE TYPE status AS ENUM ('new', 'paid', 'lost');
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL UNIQUE, name text, parent_id int REFERENCES customers ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int REFERENCES customers ON UPDATE CASCADE ON DELETE SET NULL,
  status status NOT NULL DEFAULT 'new', total numeric, doubled numeric GENERATED ALWAYS AS (total * 2) STORED, note json, placed_at timestamptz);
CREATE TABLE items (order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE, position int NOT NULL, label text, price int, PRIMARY KEY (order_id, position));
CREATE TABLE item_notes (id int PRIMARY KEY, order_id bigint, position int, text text, FOREIGN KEY (order_id, position) REFERENCES items ON DELETE CASCADE);
CREATE TABLE tags ("Name" text PRIMARY KEY, rank int);
CREATE TABLE "_OrderTags" ("A" bigint NOT NULL REFERENCES orders ON DELETE CASCADE, "B" text NOT NULL REFERENCES tags ON DELETE CASCADE);
CREATE UNIQUE INDEX "_OrderTags_AB" ON "_OrderTags" ("A", "B");
CREATE TABLE log (what text, n int);
CREATE TABLE docs (id uuid PRIMARY KEY, title text, slug text UNIQUE, updated_at timestamptz NOT NULL DEFAULT '2020-01-01');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON docs FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE measures (region text NOT NULL, at date NOT NULL, value int, PRIMARY KEY (region, at)) PARTITION BY LIST (region);
CREATE TABLE measures_eu PARTITION OF measures FOR VALUES IN ('eu');
CREATE TABLE measures_us PARTITION OF measures DEFAULT;
CREATE TABLE prices (id int PRIMARY KEY, price int);
CREATE TABLE price_changes (price_id int, old int, new int);
CREATE FUNCTION note_price(int, int, int) RETURNS void LANGUAGE sql AS $$ INSERT INTO price_changes VALUES ($1, $2, $3) $$;
CREATE FUNCTION price_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM note_price(NEW.id, OLD.price, NEW.price); RETURN NULL; END $$;
CREATE TRIGGER price_changed AFTER UPDATE ON prices FOR EACH ROW EXECUTE FUNCTION price_changed();
CREATE FUNCTION slugify(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(replace($1, ' ', '-')) $$;
INSERT INTO customers SELECT n, 'c' || n || '@example.com', CASE WHEN n % 3 > 0 THEN 'Name ' || n END, CASE WHEN n > 5 THEN n - 5 END FROM generate_series(1, 11) n;
INSERT INTO orders (customer_id, status, total, note, placed_at) SELECT nullif(n % 8, 0), (ARRAY['new', 'paid', 'lost'])[1 + n % 3]::status, n * 1.5, json_build_object('n', n), '2024-01-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 13) n;
INSERT INTO items SELECT o.id, p, 'item ' || p, 10 * p FROM orders o, generate_series(1, 2) p;
INSERT INTO item_notes SELECT row_number() OVER (), order_id, position, 'note' FROM items WHERE order_id % 2 = 0;
INSERT INTO tags SELECT 'tag ' || n, n FROM generate_series(1, 4) n;
INSERT INTO "_OrderTags" SELECT id, 'tag ' || (1 + id % 4) FROM orders;
INSERT INTO log SELECT 'entry', n / 2 FROM generate_series(1, 6) n;
INSERT INTO docs SELECT md5(n::text)::uuid, 'Title ' || n, NULL FROM generate_series(1, 7) n;
INSERT INTO prices SELECT n, n * 10 FROM generate_series(1, 5) n; UPDATE prices SET price = price + 1 WHERE id < 3;
INSERT INTO measures SELECT r, '2024-01-01'::date + n, n FROM unnest(ARRAY['eu', 'us', 'jp']) r, generate_series(1, 4) n;
`

const inRanges: string[] = [
  `UPDATE customers SET name = 'nobody' WHERE name IS NULL`,
  `UPDATE customers AS c SET name = c.email || ' ' || coalesce(c.name, '?')`,
  `UPDATE orders SET total = total + 1, status = 'paid' WHERE status <> 'paid' OR total > 10`,
  `UPDATE orders SET note = NULL, placed_at = now() - interval '1 day'`,
  `UPDATE orders SET placed_at = CURRENT_DATE WHERE placed_at < CURRENT_TIMESTAMP(3) AND status = 'new'`,
  `UPDATE orders o SET note = json_build_object('email', c.email) FROM customers c WHERE c.id = o.customer_id`,
  `UPDATE items SET (label, price) = (SELECT o.status::text, o.total::int FROM orders o WHERE o.id = items.order_id)`,
  `WITH big AS (SELECT id FROM orders WHERE total > 6) UPDATE items SET price = price * 2 WHERE order_id IN (SELECT id FROM big)`,
  `UPDATE docs SET slug = slugify(title)`,
  `UPDATE measures SET value = value + 100 WHERE at > '2024-01-02'`,
  `UPDATE tags SET rank = -rank WHERE "Name" > 'tag 1'`,
  `DELETE FROM orders WHERE total > 8 OR status = 'lost'`,
  `DELETE FROM orders o USING customers c WHERE c.id = o.customer_id AND c.name IS NULL`,
  `DELETE FROM items`,
  `DELETE FROM "_OrderTags" WHERE "B" IN ('tag 1', 'tag 2')`,
  `DELETE FROM docs WHERE title LIKE '%3' OR title LIKE '%5'`,
]

const asOne: string[] = [
  `UPDATE customers SET email = (SELECT c.email FROM customers c WHERE c.id = customers.id) || '.org'`,
  `WITH r AS (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM orders) UPDATE orders SET total = r.n FROM r WHERE r.id = orders.id`,
  `UPDATE orders SET total = 0 WHERE id IN (1, 3) AND status <> 'lost'`,
  `UPDATE prices SET price = price * 2 WHERE id > 1`,
  `UPDATE customers SET id = id + 100`,
  `UPDATE items SET position = 3 - position WHERE false`,
  `UPDATE "_OrderTags" SET "B" = 'tag 4' WHERE "B" = 'tag 1'`,
  `UPDATE log SET n = n + 1 WHERE n > 1`,
  `DELETE FROM log WHERE n = 1`,
  `DELETE FROM customers WHERE id IN (2, 3)`,
  `DELETE FROM items a USING items b WHERE a.order_id = b.order_id AND a.position > b.position`,
  `INSERT INTO customers (id, email) VALUES (50, 'new@example.com'), (51, 'newer@example.com')`,
  `INSERT INTO log SELECT 'entry', 1 FROM generate_series(1, 2)`,
  `INSERT INTO items SELECT id, 9, status::text, 0 FROM orders WHERE total > 3 RETURNING label`,
  `INSERT INTO tags VALUES ('tag 1', 100), ('tag 9', 9) ON CONFLICT ("Name") DO UPDATE SET rank = excluded.rank`,
  `INSERT INTO tags VALUES ('tag 1', 100), ('tag 9', 9) ON CONFLICT DO NOTHING`,
  `INSERT INTO docs (id, title) VALUES (md5('1')::uuid, 'again'), (md5('x')::uuid, 'x') ON CONFLICT (id) DO UPDATE SET title = excluded.title`,
  `MERGE INTO items i USING orders o ON i.order_id = o.id AND i.position = 1 WHEN MATCHED AND o.total > 12 THEN DELETE WHEN MATCHED THEN UPDATE SET price = 0 WHEN NOT MATCHED THEN INSERT VALUES (o.id, 1, 'x', 1)`,
  `WITH gone AS (DELETE FROM item_notes WHERE order_id < 7 RETURNING *) INSERT INTO log SELECT text, order_id::int FROM gone`,
]

let server: Server
let client: Client
let catalog: Catalog
let databases = 0

beforeAll(async () => {
  server = await startTestServer(18)
  await runAsAdmin('CREATE ROLE owner LOGIN', 'CREATE DATABASE base OWNER owner')
  const base = await connect({ connectionString: server.url('base', 'owner'), applicationName: 'test' })
  await base.query(schema)
  catalog = await readCatalog(base)
  await base.end()
  client = await openCopy()
})
afterAll(async () => {
  await client.end()
  await server.stop()
})
// What a test leaves is what it found, unless it fails.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    await client.end()
    client = await openCopy()
  }
})

async function runAsAdmin(...statements: string[]): Promise<void> {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  for (const statement of statements) {
    await admin.query(statement)
  }
  await admin.end()
}

async function openCopy(): Promise<Client> {
  const name = `copy_${databases++}`
  await runAsAdmin(`CREATE DATABASE ${name} TEMPLATE base OWNER owner`)
  return connect({ connectionString: server.url(name, 'owner'), applicationName: 'test' })
}

async function contents(): Promise<Record<string, string[]>> {
  const tables = await client.query<{ name: string }>(
    `SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
  )
  const found: Record<string, string[]> = {}
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`SELECT r::text AS row FROM ${name} AS r ORDER BY 1`)
    found[name] = rows.map(({ row }) => row)
  }
  return found
}

async function planSteps(sql: string): Promise<Step[]> {
  const statements = await parseMigration({ id: '20240101000000_change', checksum: '', sql })
  const observation = { createdRelations: [] } as unknown as PlanningUnit['observation']
  const units = statements.map((statement, order): PlanningUnit => {
    const unit = { part: 0, parts: 1, sql: statement.sql, node: statement.node, wholeStatement: true }
    return { order, statement, unit, observation, floor: 'expand', phase: 'backfill', settings: {} }
  })
  const context = createContext({
    catalog,
    after: catalog,
    sizes: [],
    schema: 'public',
    briefTableBytes: 0,
    bridged: true,
    hidesColumns: true,
    units,
  })
  return units.flatMap((unit) => {
    const drafts = batched.steps(unit, context)
    if (isRefusal(drafts)) {
      throw new Error(drafts.reason)
    }
    return drafts.map((draft, position): Step => {
      const estimate = { holdMs: 0, durationMs: null, walBytes: 0, diskBytes: 0 }
      return { id: `b${unit.order}${position}`, migrationId: 'm', statements: [0], ...draft, estimate }
    })
  })
}

/** What the clock decides differs between two runs by nature; the rest must not. */
function withoutClock(found: Record<string, string[]>): Record<string, string[]> {
  const today = new Date().toISOString().slice(0, 10)
  return Object.fromEntries(
    Object.entries(found).map(([name, rows]) => [
      name,
      rows.map((row) => row.replaceAll(new RegExp(`"(${today}|${dayBefore(today)})[^"]*"`, 'g'), 'now')).sort(),
    ]),
  )
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
}

describe('a data statement by Freehold', () => {
  const all = [
    ...inRanges.map((sql) => ({ sql, kind: 'batch' })),
    ...asOne.map((sql) => ({ sql, kind: 'transaction' })),
  ]
  it.each(all)('ends as the plain one, and its undo at the start: $sql', async ({ sql, kind }) => {
    const start = await contents()
    await client.query('BEGIN')
    const { rowCount } = await client.query(sql)
    const plain = await contents()
    await client.query('ROLLBACK')
    const steps = await planSteps(sql)
    expect(steps.map((step) => step.do.kind)).toEqual([kind])
    const touched = await executePlainly(client, steps, 'do')
    expect(withoutClock(await contents())).toEqual(withoutClock(plain))
    if (kind === 'batch') {
      expect(touched.get(steps[0]?.id ?? '')).toBe(rowCount)
    }
    expect(steps[0]?.undo).toMatchObject({ kind: expect.stringMatching(/batch|transaction/) })
    await executePlainly(client, steps, 'undo')
    expect(await contents()).toEqual(start)
    const left = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'freehold'::regnamespace AND relkind = 'r'`,
    )
    expect(left.rows).toEqual([])
  })
})

describe('toDataStatement', () => {
  it('knows the four kinds and nothing else', async () => {
    const [copy] = await parseMigration({ id: 'm', checksum: '', sql: 'SELECT 1' })
    expect(copy && toDataStatement(copy.node)).toBeUndefined()
  })
})
