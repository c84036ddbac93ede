import { describe, expect, it } from 'vitest'
import { Problem, problems } from '../problem.ts'
import { parseMigration } from './parse-migration.ts'
import type { Statement } from './statement.ts'

const parse = (sql: string): Promise<Statement[]> => parseMigration({ id: 'm', checksum: '', sql })

describe('parseMigration', () => {
  it('cuts statements at the parser’s offsets, whatever they hold', async () => {
    const sql = `\uFEFF-- é ; 'no
/* ; /* nested ; */ */
UPDATE "ü😀" SET a = 'x;y' -- trailing ;
;;
DO $$ BEGIN PERFORM 1; END $$;
  SELECT 1 /* end; */`
    const statements = await parse(sql)
    expect(statements.map(({ index, line, sql: text }) => ({ index, line, text }))).toEqual([
      { index: 0, line: 3, text: `UPDATE "ü😀" SET a = 'x;y'` },
      { index: 1, line: 5, text: 'DO $$ BEGIN PERFORM 1; END $$' },
      { index: 2, line: 6, text: 'SELECT 1' },
    ])
  })

  it.each(['', ' \n', '-- nothing\n', '/* nothing */', ';;'])('finds no statement in %j', async (sql) => {
    expect(await parse(sql)).toEqual([])
  })

  it('keeps BEGIN and COMMIT as statements', async () => {
    const kinds = (await parse('BEGIN; SELECT 1; COMMIT;')).map(({ node }) => Object.keys(node)[0])
    expect(kinds).toEqual(['TransactionStmt', 'SelectStmt', 'TransactionStmt'])
  })

  it('counts a tree’s locations from the statement’s own first byte', async () => {
    const [, second] = await parse('SELECT 1; UPDATE "ö" SET a = 1')
    expect(JSON.stringify(second?.node)).toContain('"location":7')
  })

  it('says where SQL does not parse', async () => {
    const problem = await parse(`SELECT '😀';\n  CREATE TABEL "x" ();\n`).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(Problem)
    expect(problem).toMatchObject({
      message: 'm/migration.sql:2:10: syntax error at or near "TABEL"',
      definition: problems.syntaxError,
      details: { line: 2, column: 10, lines: ['  CREATE TABEL "x" ();', '         ^'] },
    })
  })

  it('refuses a null character, at which Postgres would stop reading', async () => {
    await expect(parse('SELECT 1;\0 DROP TABLE x')).rejects.toThrow(
      'm/migration.sql:1:10: the text holds a null character',
    )
  })
})

describe('directives', () => {
  it('belong to the statement that follows them', async () => {
    const statements = await parse(`SELECT 1;
-- freehold: phase=contract
-- an ordinary comment
-- Freehold: allow-blocking "small table, at night"
ALTER TABLE t DROP COLUMN a;
-- freehold: up=coalesce(a, 'x, y')
-- freehold: down=lower(b)
ALTER TABLE t ADD COLUMN b text`)
    expect(statements.map(({ directives }) => directives)).toEqual([
      {},
      { phase: 'contract', allowBlocking: 'small table, at night' },
      { up: "coalesce(a, 'x, y')", down: 'lower(b)' },
    ])
  })

  it.each([
    ['-- freehold: faze=contract\nSELECT 1', 1, 'it is none of'],
    ['SELECT 1;\n-- freehold: phase=both\nSELECT 1', 2, 'a phase is expand or contract'],
    ['-- freehold: allow-blocking\nSELECT 1', 1, 'the reason is missing'],
    ['-- freehold: up=a), (b\nSELECT 1', 1, 'is not an SQL expression'],
    ['-- freehold: up=a) FROM t WHERE (true\nSELECT 1', 1, 'is not an SQL expression'],
    ['-- freehold: up=\nSELECT 1', 1, 'is not an SQL expression'],
    ['-- freehold: rename a to b\nSELECT 1', 1, 'it is none of'],
    ['-- freehold: phase=expand\n-- freehold: phase=contract\nSELECT 1', 2, 'it is given twice'],
    ['SELECT 1;\n-- freehold: phase=expand\n', 2, 'no statement stands behind it'],
    ['SELECT 1; -- freehold: phase=expand\nSELECT 2', 1, 'it stands behind a statement'],
    ['SELECT\n-- freehold: phase=expand\n1', 2, 'it stands inside a statement'],
    ['-- freehold: phase=expand\nBEGIN; SELECT 1; COMMIT', 1, 'it stands before BEGIN'],
    ['/* freehold: phase=expand */\nSELECT 1', 1, 'a comment of one line'],
  ])('are refused where they say nothing: %j', async (sql, line, reason) => {
    const problem = await parse(sql).catch((error: unknown) => error)
    expect(problem).toMatchObject({ definition: problems.directiveInvalid, details: { line } })
    expect((problem as Problem).message).toContain(reason)
  })
})
