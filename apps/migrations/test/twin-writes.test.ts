import type { Server } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServerWithRoles } from './fixtures/server-with-roles.ts'
import { rowsOfPlain, stagesOf, type TwinDatabase, type TwinStages, twinDatabase } from './fixtures/twin-by-hand.ts'

let server: Server

beforeAll(async () => {
  server = await startServerWithRoles()
})

afterAll(async () => {
  await server.stop()
})

const items = `
  CREATE TABLE items (id integer PRIMARY KEY, u integer, n integer NOT NULL, amount text NOT NULL, at timestamp, CONSTRAINT items_u_key UNIQUE (u) DEFERRABLE);
  INSERT INTO items SELECT i, i, 0, i || '.5', '2026-03-01 12:00' FROM generate_series(1, 50) AS i;`
const toNumeric = 'ALTER TABLE items ALTER COLUMN amount TYPE numeric USING amount::numeric;'

type Work = (database: TwinDatabase, stages: TwinStages) => Promise<void>

/** Runs the stages with what is written in between, and expects the rows that the plain run would leave. */
async function expectPlainRows(
  schema: string,
  migration: string,
  between: { copied: Work; built?: Work },
): Promise<void> {
  const database = await twinDatabase(server, schema, migration)
  try {
    const stages = stagesOf(database)
    await stages.begin()
    await between.copied(database, stages)
    await stages.build()
    await stages.apply()
    await between.built?.(database, stages)
    const all = 'SELECT items::text AS row FROM items ORDER BY id'
    const expected = await rowsOfPlain(database, all)
    await stages.exchange()
    expect((await database.owner.query(all)).rows).toEqual(expected)
    const left = await database.owner.query(`SELECT FROM pg_trigger WHERE tgname ~ '^(keys|emptied)_'`)
    expect(left.rowCount).toBe(0)
  } finally {
    await database.close()
  }
}

describe('what is written while a twin is filled', () => {
  it.each(['REPEATABLE READ', 'SERIALIZABLE'])('may come from a snapshot older than the copy (%s)', async (level) => {
    await expectPlainRows(items, toNumeric, {
      async copied({ app }, { copy }) {
        await app.query(`BEGIN ISOLATION LEVEL ${level}; SELECT count(*) FROM items`)
        await copy()
        await app.query(`UPDATE items SET amount = '77' WHERE id = 3; DELETE FROM items WHERE id = 4`)
        await app.query(`INSERT INTO items VALUES (99, 99, 0, '99', NULL); COMMIT`)
      },
    })
  })

  it('may come from triggers that change the row and others once more', async () => {
    const nested = `
      CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_trigger_depth() = 1 THEN
          UPDATE items SET n = n + 1 WHERE id = NEW.id;
          UPDATE items SET n = 100 WHERE id = NEW.id + 1;
          DELETE FROM items WHERE id = NEW.id + 2;
        END IF;
        RETURN NULL; END $$;
      CREATE TRIGGER a_again AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION again();
      CREATE TRIGGER zzz_again AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION again();`
    await expectPlainRows(items + nested, toNumeric, {
      async copied({ app }, { copy }) {
        await app.query('UPDATE items SET n = 1 WHERE id = 5')
        await copy()
        await app.query('UPDATE items SET n = 1 WHERE id IN (10, 20)')
      },
      built: async ({ app }) => void (await app.query('UPDATE items SET n = 2 WHERE id = 30')),
    })
  })

  it('may exchange unique values, deferred or row by row', async () => {
    const exchange = 'BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE items SET u = 3 - u WHERE u IN (1, 2); COMMIT'
    await expectPlainRows(items, toNumeric, {
      async copied({ app }, { copy }) {
        await copy()
        await app.query(exchange)
      },
      async built({ app }, { apply }) {
        await app.query(exchange)
        await apply()
        await app.query('UPDATE items SET u = NULL WHERE id = 7; UPDATE items SET u = 7 WHERE id = 8')
        await app.query('DELETE FROM items WHERE id = 9; UPDATE items SET u = 9 WHERE id = 11')
      },
    })
  })

  it('may move keys, take them out and put them in again', async () => {
    await expectPlainRows(items, toNumeric, {
      async copied({ app }, { copy }) {
        await app.query('UPDATE items SET id = id + 1000 WHERE id < 10')
        await copy()
        await app.query('UPDATE items SET id = id - 2000 WHERE id > 1000; UPDATE items SET id = 5 WHERE id = 30')
        await app.query(`DELETE FROM items WHERE id = 31; INSERT INTO items VALUES (31, 3131, 1, '1', NULL)`)
        await app.query('BEGIN; DELETE FROM items; ROLLBACK')
      },
      built: async ({ app }) => void (await app.query('UPDATE items SET id = -id')),
    })
  })

  it('may come from a session in the role of a replica', async () => {
    await expectPlainRows(items, toNumeric, {
      async copied({ admin }, { copy }) {
        await copy()
        await admin.query(`SET session_replication_role = replica; UPDATE items SET amount = '8' WHERE id = 8`)
        await admin.query('DELETE FROM items WHERE id = 9')
      },
    })
  })

  it.each([
    ['before it was copied', true],
    ['after it was copied', false],
  ])('may empty the table %s', async (_, isBefore) => {
    const empty = async ({ owner, app }: TwinDatabase): Promise<void> => {
      await app.query(`INSERT INTO items VALUES (70, 70, 0, '70', NULL)`)
      await owner.query('TRUNCATE items')
      await app.query(`INSERT INTO items VALUES (3, 3, 0, '3', NULL), (71, 71, 0, '71', NULL)`)
    }
    await expectPlainRows(items, toNumeric, {
      async copied(database, { copy }) {
        await (isBefore ? empty(database) : copy())
        await (isBefore ? copy() : empty(database))
      },
      built: isBefore ? async () => {} : empty,
    })
  })

  it('is converted under the settings of the migration, whatever the writer’s are', async () => {
    await expectPlainRows(
      items,
      'ALTER TABLE items ALTER COLUMN at TYPE timestamptz, ALTER COLUMN amount TYPE date USING to_date(n::text, $$DD$$) + 1;',
      {
        async copied({ owner, app }, { copy }) {
          await owner.query(`SET TimeZone = 'America/New_York'`)
          await copy()
          await app.query(`SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'`)
          await app.query(`UPDATE items SET at = '01.04.2026 01:00', n = 3 WHERE id < 20`)
        },
      },
    )
  })

  it('may cascade through the table, which cascades once and not a second time', async () => {
    const family = `
      CREATE TABLE parents (id integer PRIMARY KEY);
      INSERT INTO parents SELECT generate_series(1, 10);
      ${items}
      ALTER TABLE items ADD CONSTRAINT items_parent FOREIGN KEY (n) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE NOT VALID;
      UPDATE items SET n = 1 + id % 10;
      CREATE TABLE details (item integer REFERENCES items (id) ON DELETE CASCADE ON UPDATE CASCADE);
      INSERT INTO details SELECT id FROM items;`
    await expectPlainRows(family, toNumeric, {
      async copied({ app }, { copy }) {
        await copy()
        await app.query('DELETE FROM parents WHERE id = 3; UPDATE parents SET id = 40 WHERE id = 4')
      },
      async built({ app, owner }) {
        await app.query('DELETE FROM parents WHERE id = 5; UPDATE items SET id = 500 WHERE id = 50')
        const { rows } = await owner.query<{ n: number; moved: number }>(
          'SELECT count(*)::int AS n, count(*) FILTER (WHERE item = 500)::int AS moved FROM details',
        )
        expect(rows).toEqual([{ n: 40, moved: 1 }])
      },
    })
  })

  it('fires the table’s own triggers, and copied rows fire none', async () => {
    const audited = `${items}
      CREATE TABLE audit (id integer);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NEW; END $$;
      CREATE TRIGGER items_note BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note();
      ALTER TABLE items ENABLE ALWAYS TRIGGER items_note;`
    await expectPlainRows(audited, toNumeric, {
      async copied({ app }, { copy }) {
        await copy()
        await app.query('UPDATE items SET n = 9 WHERE id <= 3')
      },
      async built({ owner }, { apply }) {
        await apply()
        expect((await owner.query('SELECT FROM audit')).rowCount).toBe(3)
      },
    })
  })
})
