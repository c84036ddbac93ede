import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LintOutcome } from '@freehold/migrations/engine'
import { lint, lintRules } from '@freehold/migrations/engine'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, describe, expect, it } from 'vitest'
import { exitCodes } from '../exit-codes.ts'
import { type Finished, runFake } from '../testing/fake-surroundings.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true })
  }
})

/** Makes a project of migrations and lints it as it is named on the command line. */
function setup(migrations: Record<string, string>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-lint-'))
  folders.push(folder)
  for (const [id, sql] of Object.entries(migrations)) {
    mkdirSync(path.join(folder, 'prisma/migrations', id), { recursive: true })
    writeFileSync(path.join(folder, 'prisma/migrations', id, 'migration.sql'), sql)
  }
  const run = (args: string[] = [], env: Record<string, string> = {}): Promise<Finished> =>
    runFake(['migrate', 'lint', ...args], { folder, env, engine: { lint, lintRules } })
  const read = async (args: string[] = []): Promise<LintOutcome> =>
    JSON.parse((await run([...args, '--json'])).stdout) as LintOutcome
  return { folder, run, read }
}

const places = ({ findings }: LintOutcome): string[] =>
  findings.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)

const first = 'CREATE TABLE "order" ("id" bigint PRIMARY KEY, "note" text);\n'

describe('freehold migrate lint', () => {
  it('needs no database, and passes where Freehold does all by itself', async () => {
    const { run } = setup({ '1_first': first, '2_index': 'CREATE INDEX "i" ON "order" ("note");' })
    const finished = await run()
    expect(finished.exitCode).toBe(exitCodes.done)
    expect(finished.stdout).toContain('prisma/migrations/2_index/migration.sql:1:1: note: builds the index "i"')
    expect(finished.stdout).toContain('0 errors, 0 warnings, 1 note in 2 migrations.')
  })

  it('exits with 1 where something would be refused', async () => {
    const { run } = setup({ '1_first': first, '2_empty': 'TRUNCATE "order";' })
    expect((await run()).exitCode).toBe(exitCodes.refused)
  })

  it('knows from the earlier migrations what one that is named alone stands on, and reports of that one only', async () => {
    const { read } = setup({
      '1_first': `${first}TRUNCATE "elsewhere";`,
      '2_index': 'CREATE TABLE "line" ("id" bigint PRIMARY KEY);\nALTER TABLE "order" DROP COLUMN "note";',
    })
    const expected = ['prisma/migrations/2_index/migration.sql:2:21 drop-column']
    expect(places(await read(['prisma/migrations/2_index/migration.sql']))).toEqual(expected)
    expect(places(await read(['prisma/migrations/2_index']))).toEqual(expected)
  })

  it('names line and column of each command in characters', async () => {
    const { read } = setup({
      '1_é':
        '-- «é»\nALTER TABLE ONLY "public"."ordér"\n  ADD COLUMN "a" numeric(4, 2), DROP COLUMN "é", DROP COLUMN "n";',
    })
    const found = (await read()).findings.filter(({ rule }) => rule === 'drop-column')
    expect(found.map(({ line, column }) => [line, column])).toEqual([
      [3, 33],
      [3, 50],
    ])
  })

  it('goes on behind a file that does not parse and a directive that says nothing', async () => {
    const { run, read } = setup({
      '1_wrong': 'CREATE TABEL x ();',
      '2_directive': '-- freehold: phase=never\nTRUNCATE "a";',
    })
    expect(places(await read())).toEqual([
      'prisma/migrations/1_wrong/migration.sql:1:8 syntax-error',
      'prisma/migrations/2_directive/migration.sql:1:1 invalid-directive',
      'prisma/migrations/2_directive/migration.sql:2:1 truncate',
    ])
    expect((await run()).exitCode).toBe(exitCodes.refused)
  })

  it('says with allow-blocking that the statement runs as written', async () => {
    const { run, read } = setup({ '1_a': '-- freehold: allow-blocking "empty anyway"\nTRUNCATE "a";' })
    const [finding] = (await read()).findings
    expect(finding).toMatchObject({ severity: 'warning', remedy: expect.stringContaining('empty anyway') })
    expect((await run()).exitCode).toBe(exitCodes.done)
  })

  it('exits with 2 where what is named is not there', async () => {
    const { run } = setup({})
    for (const args of [[], ['nowhere'], ['--migrations', 'nowhere']]) {
      expect((await run(args)).exitCode).toBe(exitCodes.wrongUse)
    }
  })
})

describe('lint-ignore', () => {
  it('keeps findings of the statement behind it out of the report, and tells of them with the reason', async () => {
    const { run, read } = setup({
      '1_a':
        '-- freehold: lint-ignore drop-column, truncate "nobody reads it"\nALTER TABLE "a" DROP COLUMN "b";\nTRUNCATE "a";',
    })
    const outcome = await read()
    expect(outcome.suppressed).toMatchObject([{ rule: 'drop-column', reason: 'nobody reads it' }])
    expect(outcome.findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['invalid-suppression', 'lint-ignore: truncate reports nothing of the statement behind it'],
      ['truncate', 'empties "a"'],
    ])
    expect((await run()).stdout).toContain('1 ignored with a reason')
  })

  it.each([
    ['drop-column', 'it gives no reason'],
    ['drop-column "  "', 'it gives no reason'],
    ['"why not"', 'it names no rule'],
    ['drop-colum "a reason"', 'there is no rule drop-colum'],
  ])('with %s is reported, and hides nothing', async (said, fault) => {
    const { read } = setup({ '1_a': `-- freehold: lint-ignore ${said}\nALTER TABLE "a" DROP COLUMN "b";` })
    const { findings, suppressed } = await read()
    expect(suppressed).toEqual([])
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['invalid-suppression', `lint-ignore: ${fault}`],
      ['drop-column', 'drops column "b" of "a"'],
    ])
  })
})

describe('the forms', () => {
  const migrations = {
    '1_a': '-- freehold: lint-ignore drop-column "unused"\nALTER TABLE "a" DROP COLUMN "b";',
    '2_b': '\n  TRUNCATE "a|b";',
    '3_c': 'CREATE INDEX "i" ON "<c>" ("b");',
  }

  it('of --json fits its schema', async () => {
    const { read } = setup(migrations)
    const schema: object = JSON.parse(readFileSync(new URL('../../schemas/lint.json', import.meta.url), 'utf8'))
    const fits = new Ajv2020({ allErrors: true }).compile(schema)
    expect(fits(await read()) ? null : fits.errors).toBeNull()
  })

  it('of SARIF has each rule, each finding under its rule, and what is ignored with its reason', async () => {
    const { run } = setup(migrations)
    const log = JSON.parse((await run(['--format', 'sarif'])).stdout)
    expect(log.version).toBe('2.1.0')
    const [{ tool, results }] = log.runs
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(lintRules.map(({ name }) => name))
    for (const { ruleId, ruleIndex } of results) {
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    }
    expect(results.map(({ ruleId, level }: Record<string, string>) => [ruleId, level])).toEqual([
      ['truncate', 'error'],
      ['create-index', 'note'],
      ['drop-column', 'note'],
    ])
    expect(results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'prisma/migrations/2_b/migration.sql' },
      region: { startLine: 2, startColumn: 3 },
    })
    expect(results[2].suppressions).toEqual([{ kind: 'inSource', justification: 'unused' }])
  })

  it('of GitHub names files from the root of the repository', async () => {
    const { run, folder } = setup(migrations)
    const { stdout } = await run(['--format', 'github'], { GITHUB_WORKSPACE: path.dirname(folder) })
    const file = `${path.basename(folder)}/prisma/migrations/2_b/migration.sql`
    expect(stdout).toContain(`::error file=${file},line=2,col=3,title=freehold truncate::empties "a|b"%0A`)
    expect(stdout).toContain('::notice file=')
  })

  it('of Markdown escape what would be read as a table or a tag', async () => {
    const { run } = setup(migrations)
    const { stdout } = await run(['--format', 'markdown'])
    expect(stdout).toContain('empties "a\\|b"')
    expect(stdout).toContain('on "&lt;c>"')
    expect(stdout).toContain('#### Refused')
  })
})
