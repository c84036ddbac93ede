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
    ['WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d', /deletes rows/],
    ['INSERT INTO a WITH u AS (UPDATE b SET c = 1 RETURNING c) SELECT c FROM u', /overwrites values/],
    ['INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET b = 2', /overwrites the rows/],
    ['INSERT INTO a SELECT f()', /calls f/],
    ['INSERT INTO a VALUES (lower(public.f(1)))', /calls public\.f/],
    ['INSERT INTO a SELECT * FROM f() AS t', /calls f/],
    ['INSERT INTO a SELECT public.lower(b) FROM c', /calls public\.lower/],
    ['INSERT INTO a SELECT pg_catalog.lo_unlink(1)', /calls pg_catalog\.lo_unlink/],
    ["INSERT INTO a SELECT query_to_xml('…', true, true, '')", /calls query_to_xml/],
    ['INSERT INTO a SELECT b OPERATOR(public.+) c FROM d', /operator/],
    ['INSERT INTO a SELECT b OPERATOR(public.=) ANY (SELECT 1) FROM d', /operator/],
    ['CREATE TABLE a AS SELECT f()', /calls f/],
    ['CREATE TABLE a AS EXECUTE p', /does not tell/],
    ['CREATE VIEW a AS SELECT f() AS b', /calls f/],
    ['CREATE MATERIALIZED VIEW a AS SELECT f() AS b', /calls f/],
    ['REFRESH MATERIALIZED VIEW a', /does not tell/],
    ['CREATE TABLE a (b int DEFAULT f())', /calls f/],
    ['ALTER TABLE a ADD b int DEFAULT f()', /calls f/],
    ['ALTER TABLE a ADD CHECK (f(b))', /calls f/],
    ['CREATE INDEX ON a (f(b))', /calls f/],
    ['CREATE OPERATOR ### (FUNCTION = f, LEFTARG = int, RIGHTARG = int)', /operator/],
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
    'INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING',
    'WITH n AS (SELECT lower(b) AS b FROM c) INSERT INTO a SELECT b FROM n',
    'CREATE TABLE a AS SELECT count(*), pg_catalog.now() FROM b',
    "CREATE TABLE a (b uuid DEFAULT gen_random_uuid(), c timestamptz DEFAULT CURRENT_TIMESTAMP, d int DEFAULT nextval('s'))",
    "CREATE VIEW a AS SELECT EXTRACT(year FROM b), SUBSTRING(c FROM 1 FOR 2), b AT TIME ZONE 'UTC', TRIM(c) FROM d",
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; END',
    'CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()',
  ])('lets %s pass', (sql) => {
    expect(whyDestructive(sql)).toBeUndefined()
  })

  it('takes a function that a migration of the set makes for what it is, whatever its name', () => {
    const find = (sql: string, ...texts: string[]) =>
      findDestructive({ mode: 'planned', statements: [{ sql } as never] } as never, texts).map(({ reason }) => reason)
    const call = 'INSERT INTO a SELECT lower(b) FROM c'
    const body = "LANGUAGE sql AS 'SELECT 1'"
    expect(find(call, 'SELECT 1', 'not SQL')).toEqual([])
    expect(find(call, `CREATE FUNCTION public.lower(e) RETURNS int ${body}`)).toEqual([
      expect.stringMatching(/calls lower/),
    ])
    expect(find(call, 'ALTER FUNCTION f(e) RENAME TO lower')).toEqual([expect.stringMatching(/calls lower/)])
    expect(find(call.replace('lower', 'pg_catalog.lower'), `CREATE FUNCTION lower(e) RETURNS int ${body}`)).toEqual([])
    expect(find(call, 'ALTER TABLE c RENAME a TO lower')).toEqual([])
    const trigger = 'CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()'
    expect(find('INSERT INTO a VALUES (1)', trigger)).toEqual([expect.stringMatching(/trigger/)])
  })

  it('finds nothing to destroy in a database without a table', () => {
    expect(findDestructive({ mode: 'asWritten', statements: [{ sql: 'DROP TABLE a' } as never] })).toEqual([])
  })
})
