import { describe, expect, it } from 'vitest'
import { parseMigration } from './parse-migration.ts'
import { persistTemporaryTables, removePersisted } from './persist-temporary.ts'

const parse = (sql: string) => parseMigration({ id: '1_m', checksum: '', sql })

describe('persistTemporaryTables', () => {
  it('makes a migration’s own tables ordinary ones under names of their own', async () => {
    const statements = await parse(`CREATE TEMP TABLE best ON COMMIT DROP AS SELECT id FROM best_of;
      UPDATE t SET a = 1 FROM best WHERE best.id = t.id;
      INSERT INTO best VALUES (1);
      WITH best AS (SELECT 1 AS id) SELECT * FROM best;
      SELECT * FROM public.best;
      DROP TABLE best`)
    expect(persistTemporaryTables(statements).map(({ index, sql }) => [index, sql.replaceAll(/\s+/g, ' ')])).toEqual([
      [0, 'CREATE TABLE freehold.temporary_1_m_best AS SELECT id FROM best_of'],
      [1, 'UPDATE t SET a = 1 FROM freehold.temporary_1_m_best AS best WHERE best.id = t.id'],
      [2, 'INSERT INTO freehold.temporary_1_m_best AS best VALUES (1)'],
      [3, 'WITH best AS (SELECT 1 AS id) SELECT * FROM best'],
      [4, 'SELECT * FROM public.best'],
    ])
    for (const given of [statements, persistTemporaryTables(statements)]) {
      expect(removePersisted(given)).toEqual(['DROP TABLE IF EXISTS "freehold"."temporary_1_m_best"'])
    }
  })

  it('leaves a migration that makes none as it is', async () => {
    const statements = await parse('CREATE TABLE a (id int); DROP TABLE a')
    expect(persistTemporaryTables(statements)).toEqual(statements)
  })
})
