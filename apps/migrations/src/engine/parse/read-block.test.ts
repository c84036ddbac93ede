import { describe, expect, it } from 'vitest'
import { parseSql } from './parser.ts'
import { asksCatalogOnly, readBlock } from './read-block.ts'

function stepsOf(sql: string) {
  const [statement] = parseSql(sql)
  return statement && readBlock(statement.node, sql)
}

describe('readBlock', () => {
  it('gives statements, branches and handlers in their order', () => {
    const sql = `DO $$ BEGIN
      CREATE TABLE a (id int);
      RAISE NOTICE 'made';
      IF EXISTS (SELECT 1 FROM pg_type WHERE typname = 'b') THEN EXECUTE 'DROP TYPE b'; RETURN; ELSE PERFORM now(); END IF;
      BEGIN DROP TABLE c; EXCEPTION WHEN undefined_table THEN NULL; END;
    END $$`
    expect(stepsOf(sql)).toEqual([
      { kind: 'statement', sql: 'CREATE TABLE a (id int)' },
      {
        kind: 'if',
        branches: [
          {
            condition: "EXISTS (SELECT 1 FROM pg_type WHERE typname = 'b')",
            steps: [{ kind: 'statement', sql: 'DROP TYPE b' }, { kind: 'return' }],
          },
          { condition: undefined, steps: [{ kind: 'opaque' }] },
        ],
      },
      {
        kind: 'attempt',
        steps: [{ kind: 'statement', sql: 'DROP TABLE c' }],
        handlers: [{ conditions: ['undefined_table'], steps: [] }],
      },
      { kind: 'return' },
    ])
  })

  it('takes an exception that is raised, a loop, a result and composed SQL for opaque', () => {
    for (const code of [
      "RAISE EXCEPTION 'no'",
      'WHILE true LOOP NULL; END LOOP',
      "EXECUTE format('DROP TABLE %I', 'a')",
      "EXECUTE 'SELECT $1' USING 1",
    ]) {
      expect(stepsOf(`DO $$ BEGIN ${code}; END $$`)?.[0]).toEqual({ kind: 'opaque' })
    }
  })

  it('gives nothing for code with variables, for other languages and for what is no block', () => {
    expect(stepsOf('DO $$ DECLARE a int; BEGIN DROP TABLE b; END $$')).toBeUndefined()
    expect(stepsOf("DO LANGUAGE plperl 'elog(NOTICE, 1)'")).toBeUndefined()
    expect(stepsOf("SELECT 'BEGIN DROP TABLE b; END'")).toBeUndefined()
    expect(stepsOf('DO $$ this is no PL/pgSQL $$')).toBeUndefined()
  })
})

describe('asksCatalogOnly', () => {
  it.each([
    "NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'a' AND conrelid = '\"b\"'::regclass)",
    "EXISTS (SELECT FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'a')",
    '(SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace) > 1',
    "to_regclass('public.a') IS NULL",
  ])('is true for %s', (condition) => {
    expect(asksCatalogOnly(condition)).toBe(true)
  })

  it.each([
    'EXISTS (SELECT 1 FROM users)',
    'EXISTS (SELECT 1 FROM app.pg_class)',
    "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'a')",
    "current_setting('app.flag', true) = 'on'",
    'now() > $1',
    "current_user = 'a'",
    'EXISTS (SELECT 1 FROM columns)',
  ])('is false for %s', (condition) => {
    expect(asksCatalogOnly(condition)).toBe(false)
  })
})
