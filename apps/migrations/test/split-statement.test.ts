/** ALTER TABLE in one and in parts on a real server: the same schema and the same rows. */
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { splitStatement } from '../src/engine/parse/split-statement.ts'

const tables = `CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE p (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE t (id int NOT NULL, a int DEFAULT 3 CHECK (a > 0), b text DEFAULT 'ok', c text, p_id int REFERENCES p);
CREATE INDEX t_c_idx ON t (c);
INSERT INTO p VALUES (1, 'x'); INSERT INTO t VALUES (1, 1, 'ok', 'z', 1), (2, 2, 'sad', NULL, 1)`

const statements = [
  'ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (new_id), ADD COLUMN new_id int GENERATED ALWAYS AS IDENTITY, DROP COLUMN id',
  'ALTER TABLE t ADD CHECK (d > 0), ADD COLUMN d int DEFAULT 5, ADD CHECK (a < 100), ADD COLUMN e int CHECK (e > 0)',
  `ALTER TABLE t ALTER b SET DEFAULT 'sad', ALTER b TYPE mood USING b::mood, ALTER b DROP DEFAULT, ALTER b SET NOT NULL`,
  'ALTER TABLE t ALTER a SET DEFAULT 9, ALTER a TYPE bigint, DROP CONSTRAINT t_a_check, ADD CONSTRAINT t_a_check CHECK (a > -1)',
  'ALTER TABLE t ADD CONSTRAINT q FOREIGN KEY (q_id) REFERENCES p, ADD q_id int, ADD CONSTRAINT v UNIQUE (c, q_id) DEFERRABLE',
  'ALTER TABLE t VALIDATE CONSTRAINT late, ADD CONSTRAINT late CHECK (a < 50) NOT VALID, ALTER c SET STATISTICS 10, SET (fillfactor = 70)',
  'ALTER TABLE t ADD f int NOT NULL DEFAULT 1, ALTER f SET DEFAULT 2, ADD g int GENERATED ALWAYS AS (a * 2) STORED, ALTER a TYPE numeric',
  'ALTER TABLE t REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY, DROP c, ADD c int, ALTER p_id SET NOT NULL, ADD NOT NULL a',
]

describe('an ALTER TABLE in parts', () => {
  let server: Server
  let client: Client
  beforeAll(async () => {
    server = await startTestServer(18)
    client = await connect({ connectionString: server.url(), applicationName: 'test' })
    await client.query(tables)
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })

  async function endOf(sql: string[]): Promise<unknown> {
    await client.query('BEGIN')
    try {
      for (const statement of sql) {
        await client.query(statement)
      }
      const catalog = await readCatalog(client, { insideTransaction: true })
      const { rows } = await client.query('SELECT * FROM t ORDER BY a')
      const withoutOids = catalog.relations.map((relation) => ({ ...relation, oid: 0 }))
      return { relations: withoutOids, sequences: catalog.sequences, rows }
    } finally {
      await client.query('ROLLBACK')
    }
  }

  it.each(statements)('ends as the whole: %s', async (sql) => {
    const [statement] = await parseMigration({ id: 'm', checksum: '', sql })
    const parts = splitStatement(statement as NonNullable<typeof statement>).map((unit) => unit.sql)
    expect(parts.length).toBeGreaterThan(1)
    expect(await endOf(parts)).toEqual(await endOf([sql]))
  })
})
