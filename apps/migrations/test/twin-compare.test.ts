import type { Server } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServerWithRoles } from './fixtures/server-with-roles.ts'
import { stagesOf, type TwinDatabase, type TwinStages, twinDatabase } from './fixtures/twin-by-hand.ts'

let server: Server

beforeAll(async () => {
  server = await startServerWithRoles()
})

afterAll(async () => {
  await server.stop()
})

const items = `
  CREATE TABLE items (id integer PRIMARY KEY, amount text NOT NULL, price numeric, note text, ratio double precision, tags text[], extra jsonb);
  INSERT INTO items SELECT i, i, i::numeric / 10, CASE WHEN i % 2 = 0 THEN '' END, 0, ARRAY['a', NULL], '{"n": 1.0}' FROM generate_series(1, 20) AS i;`

const shapes = {
  'by ranges': 'ALTER TABLE items ALTER COLUMN amount TYPE integer USING amount::integer;',
  whole: 'ALTER TABLE items ALTER COLUMN id TYPE text;',
}

const differences = {
  'another value': 'UPDATE :twin SET note = $$x$$ WHERE amount::text = $$7$$',
  'an empty string instead of NULL': 'UPDATE :twin SET note = $$$$ WHERE amount::text = $$7$$',
  'NULL instead of an empty string': 'UPDATE :twin SET note = NULL WHERE amount::text = $$8$$',
  'another scale of a numeric': 'UPDATE :twin SET price = price * 1.00 WHERE amount::text = $$7$$',
  'a negative zero': `UPDATE :twin SET ratio = '-0' WHERE amount::text = $$7$$`,
  'another element of an array': `UPDATE :twin SET tags = ARRAY['a', 'NULL'] WHERE amount::text = $$7$$`,
  'another number in a jsonb': `UPDATE :twin SET extra = '{"n": 1.00}' WHERE amount::text = $$7$$`,
  'a row missing': 'DELETE FROM :twin WHERE amount::text = $$20$$',
  'all rows missing': 'DELETE FROM :twin',
  'a row too much behind the last': 'INSERT INTO :twin (id, amount) VALUES ($$99$$, $$99$$)',
  'a row too much between': 'DELETE FROM items WHERE id = 11',
  'the rows of two keys exchanged': `UPDATE :twin SET amount = CASE amount::text WHEN '3' THEN '4' ELSE '3' END::integer WHERE amount::text IN ('3', '4')`,
}

/** A twin that is filled and in step. */
async function filled(migration: string): Promise<{ database: TwinDatabase; stages: TwinStages }> {
  const database = await twinDatabase(server, items, migration)
  const stages = stagesOf(database)
  await stages.begin()
  await stages.copy()
  await stages.build()
  await stages.apply()
  return { database, stages }
}

describe.each(Object.entries(shapes))('the comparison of a twin with its table, %s', (_, migration) => {
  it('finds each way in which they may differ, and nothing else', async () => {
    const { database, stages } = await filled(migration)
    const { owner } = database
    try {
      expect(await stages.isEqual()).toBe(true)
      const found: Record<string, boolean> = {}
      for (const [name, sql] of Object.entries(differences)) {
        // Tampered with where the log does not see it, as an error of the copy would be.
        await owner.query(`CREATE TABLE rows_before AS TABLE items; CREATE TABLE twins_before AS TABLE ${stages.twin}`)
        await owner.query('ALTER TABLE items DISABLE TRIGGER USER')
        await owner.query(sql.replaceAll(':twin', stages.twin))
        found[name] = !(await stages.isEqual())
        await owner.query(
          `DELETE FROM items; INSERT INTO items TABLE rows_before; ALTER TABLE items ENABLE TRIGGER USER`,
        )
        await owner.query(`DELETE FROM ${stages.twin}; INSERT INTO ${stages.twin} TABLE twins_before`)
        await owner.query('DROP TABLE rows_before, twins_before')
      }
      expect(found).toEqual(Object.fromEntries(Object.keys(differences).map((name) => [name, true])))
      expect(await stages.isEqual()).toBe(true)
    } finally {
      await database.close()
    }
  })

  it('leaves out what is logged and will be brought up to date', async () => {
    const { database, stages } = await filled(migration)
    try {
      await database.app.query(`UPDATE items SET note = 'late' WHERE id = 5; DELETE FROM items WHERE id = 6`)
      await database.app.query(`INSERT INTO items (id, amount) VALUES (70, '70')`)
      expect(await stages.isEqual()).toBe(true)
    } finally {
      await database.close()
    }
  })
})
