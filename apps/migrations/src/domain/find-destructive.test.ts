import { describe, expect, it } from 'vitest'
import { findDestructive, whyDestructive } from './find-destructive.ts'

describe('whyDestructive', () => {
  it.each([
    ['DROP TABLE a', /drops a table/],
    ['DROP VIEW a CASCADE', /all that depends on it/],
    ['DROP SCHEMA a', /drops a schema/],
    ['ALTER TABLE a ADD b int, DROP COLUMN c', /drops a column/],
    ['ALTER TABLE a ALTER b TYPE smallint', /type/],
    ['DELETE FROM a', /deletes rows/],
    ['TRUNCATE a', /empties/],
    ['UPDATE a SET b = 1', /overwrites/],
    ['DO $$ BEGIN PERFORM 1; END $$', /does not tell/],
    ['SELECT f()', /does not tell/],
    ['CALL p()', /does not tell/],
  ])('wants a person’s word for %s', (sql, reason) => {
    expect(whyDestructive(sql)).toMatch(reason)
  })

  it.each([
    'CREATE TABLE a (b int)',
    'ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0, ADD CONSTRAINT c CHECK (b > 0) NOT VALID',
    'ALTER TABLE a ALTER b SET NOT NULL',
    'CREATE INDEX CONCURRENTLY i ON a (b)',
    'DROP INDEX i',
    'ALTER TABLE a RENAME b TO c',
    'INSERT INTO a VALUES (1)',
    "ALTER TYPE e ADD VALUE 'x'",
  ])('lets %s pass', (sql) => {
    expect(whyDestructive(sql)).toBeUndefined()
  })

  it('finds nothing to destroy in a database without a table', () => {
    expect(findDestructive({ mode: 'asWritten', statements: [{ sql: 'DROP TABLE a' } as never] })).toEqual([])
  })
})
