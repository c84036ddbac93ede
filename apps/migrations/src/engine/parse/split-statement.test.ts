import { describe, expect, it } from 'vitest'
import { parseMigration } from './parse-migration.ts'
import { splitStatement } from './split-statement.ts'

async function split(sql: string): Promise<string[]> {
  const [statement] = await parseMigration({ id: 'm', checksum: '', sql })
  return statement === undefined ? [] : splitStatement(statement).map((unit) => unit.sql)
}

describe('splitStatement', () => {
  it('gives each command of an ALTER TABLE a statement, in the order of Postgres’ passes', async () => {
    const sql = `ALTER TABLE ONLY public."T" ADD CONSTRAINT u UNIQUE (b), ALTER a SET DEFAULT 1, ADD b int, DROP c, ALTER a TYPE bigint`
    expect(await split(sql)).toEqual([
      'ALTER TABLE ONLY public."T" DROP COLUMN c RESTRICT',
      'ALTER TABLE ONLY public."T" ALTER COLUMN a TYPE bigint',
      'ALTER TABLE ONLY public."T" ADD COLUMN b int',
      'ALTER TABLE ONLY public."T" ADD CONSTRAINT u UNIQUE (b)',
      'ALTER TABLE ONLY public."T" ALTER COLUMN a SET DEFAULT 1',
    ])
  })

  it.each([
    'ALTER TABLE t ADD COLUMN a int',
    'UPDATE t SET a = 1, b = 2',
    // Both expressions read the old row.
    'ALTER TABLE t ALTER a TYPE text USING b::text, ALTER b TYPE text USING a::text',
    'ALTER TYPE pair ADD ATTRIBUTE a int, ADD ATTRIBUTE b int',
  ])('leaves whole, word for word: %s', async (sql) => {
    expect(await split(`${sql} ;`)).toEqual([sql])
  })
})
