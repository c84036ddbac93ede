import type { Client } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { complete, deploy, undo } from '../src/engine/index.ts'
import { compareCatalogs, readCatalog } from '../src/engine/testing.ts'
import { startServerWithRoles } from './fixtures/server-with-roles.ts'
import { type TwinDatabase, twinDatabase } from './fixtures/twin-by-hand.ts'

let server: Server

beforeAll(async () => {
  server = await startServerWithRoles()
})

afterAll(async () => {
  await server.stop()
})

const rowCount = 4000
const writers = 4

const schema = `
  CREATE TABLE accounts (id integer PRIMARY KEY, name text NOT NULL);
  INSERT INTO accounts SELECT i, 'a' || i FROM generate_series(0, 9) AS i;
  CREATE TABLE orders (
    id serial PRIMARY KEY, account_id integer NOT NULL REFERENCES accounts (id), code integer NOT NULL UNIQUE,
    amount text NOT NULL, changes integer NOT NULL DEFAULT 0);
  INSERT INTO orders (account_id, code, amount) SELECT i % 10, i, i::text FROM generate_series(1, ${rowCount}) AS i;
  CREATE TABLE lines (id serial PRIMARY KEY, order_id integer NOT NULL REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE);
  INSERT INTO lines (order_id) SELECT i FROM generate_series(1, ${rowCount}) AS i;
  CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END $$;
  CREATE TRIGGER orders_changes BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION count_change();
  CREATE VIEW big_orders AS SELECT account_id, code FROM orders WHERE code > 100;`

interface Row {
  code: number
  amount: string
  changes: number
}

/** Writes rows of its own, those whose number leaves this rest, and keeps a ledger of them. */
class Writer {
  readonly rows = new Map<number, Row>()
  private readonly client: Client
  private next: number
  private state: number

  constructor(client: Client, rest: number) {
    this.client = client
    this.state = rest + 1
    this.next = rowCount + writers - (rowCount % writers) + rest
    for (let id = 1; id <= rowCount; id += 1) {
      if (id % writers === rest) {
        this.rows.set(id, { code: id, amount: String(id), changes: 0 })
      }
    }
  }

  private below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.state / 2 ** 32) * limit)
  }

  private newId(): number {
    this.next += writers
    return this.next
  }

  async writeOnce(): Promise<void> {
    const ids = [...this.rows.keys()]
    const id = ids[this.below(ids.length)] as number
    const row = this.rows.get(id) as Row
    const kind = this.below(6)
    if (kind === 0) {
      const made = this.newId()
      await this.client.query('INSERT INTO orders (id, account_id, code, amount) VALUES ($1, $2, $4, $3)', [
        made,
        made % 10,
        String(made),
        made,
      ])
      this.rows.set(made, { code: made, amount: String(made), changes: 0 })
    } else if (kind === 1) {
      await this.client.query('DELETE FROM orders WHERE id = $1', [id])
      this.rows.delete(id)
    } else if (kind === 2) {
      const moved = this.newId()
      await this.client.query('UPDATE orders SET id = $2 WHERE id = $1', [id, moved])
      this.rows.delete(id)
      this.rows.set(moved, { ...row, changes: row.changes + 1 })
    } else if (kind === 3) {
      await this.client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
      await this.client.query('UPDATE orders SET amount = $2 WHERE id = $1', [id, '0'])
      await this.client.query('ROLLBACK')
    } else {
      const amount = String(this.below(1_000_000))
      const level = kind === 4 ? 'READ COMMITTED' : 'REPEATABLE READ'
      await this.client.query(`BEGIN ISOLATION LEVEL ${level}`)
      await this.client.query('SELECT count(*) FROM big_orders WHERE code = $1', [id])
      const { rowCount } = await this.client.query('UPDATE orders SET amount = $2 WHERE id = $1', [id, amount])
      await this.client.query('COMMIT')
      // As after every rewrite of a table, a snapshot that is older than the exchange does not see what came with it.
      if (kind === 4 || rowCount === 1) {
        this.rows.set(id, { ...row, amount, changes: row.changes + 1 })
      }
    }
  }
}

/** Runs the work while every writer writes. */
async function underTraffic(all: Writer[], work: () => Promise<void>): Promise<void> {
  let isOver = false
  let writes = 0
  const writing = all.map(async (writer) => {
    while (!isOver) {
      await writer.writeOnce()
      writes += 1
    }
  })
  // Begun only when everybody writes.
  while (writes < writers) {
    await new Promise(setImmediate)
  }
  try {
    await work()
  } finally {
    isOver = true
    await Promise.all(writing)
  }
}

async function expectLedgers({ owner }: TwinDatabase, all: Writer[]): Promise<void> {
  const { rows } = await owner.query<{ id: number; code: number; amount: string; changes: number }>(
    'SELECT id::int, code, amount::text, changes FROM orders ORDER BY id',
  )
  const expected = all.flatMap((writer) => [...writer.rows].map(([id, row]) => ({ id, ...row })))
  expect(rows).toEqual(expected.sort((a, b) => a.id - b.id))
  const orphans = await owner.query(
    'SELECT FROM lines WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = order_id)',
  )
  expect(orphans.rowCount).toBe(0)
}

const options = { phase: 'expand', completePrevious: false, maxLockMs: 100 } as const

describe('a twin under traffic', () => {
  it.each([
    ['of the key', 'ALTER TABLE orders ALTER COLUMN id TYPE bigint'],
    ['of a value, by an expression', 'ALTER TABLE orders ALTER COLUMN amount TYPE numeric USING amount::numeric'],
    ['by a volatile default', 'ALTER TABLE orders ADD COLUMN ref uuid NOT NULL DEFAULT gen_random_uuid()'],
  ])('loses no write and fails none: a change %s, there, back and there again', async (_, migration) => {
    const database = await twinDatabase(server, schema, migration)
    try {
      const before = await readCatalog(database.owner)
      const clients = await Promise.all(Array.from({ length: writers }, async () => await database.open('app')))
      const all = clients.map((client, rest) => new Writer(client, rest))
      const target = database.target
      await underTraffic(all, async () => void (await deploy(target, options)))
      await expectLedgers(database, all)
      await underTraffic(all, async () => void (await undo(target, { dryRun: false, maxLockMs: 100 })))
      await expectLedgers(database, all)
      expect(compareCatalogs(before, await readCatalog(database.owner))).toEqual([])
      await underTraffic(all, async () => {
        const outcome = await deploy(target, options)
        if (outcome.outcome === 'windowOpen') {
          await complete(target, { maxLockMs: 100 })
        }
      })
      await expectLedgers(database, all)
      const invalid = await database.owner.query('SELECT FROM pg_constraint WHERE NOT convalidated')
      expect(invalid.rowCount).toBe(0)
    } finally {
      await database.close()
    }
  })
})
