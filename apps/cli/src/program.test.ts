import type { DeployOutcome, RunSummary, StatusOutcome } from '@freehold/migrations/engine'
import { Problem, problems } from '@freehold/migrations/problem'
import { describe, expect, it } from 'vitest'
import { exitCodes } from './exit-codes.ts'
import type { ErrorDocument } from './render/problem.ts'
import { databaseUrl, runFake } from './testing/fake-surroundings.ts'
import { refusedPlan, samplePlan } from './testing/sample-plan.ts'

const run: RunSummary = {
  runId: 'r1',
  state: 'windowOpen',
  migrations: ['20260101000000_index'],
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  steps: { total: 2, applied: 1 },
  waitedMsMax: 4,
  heldMsMax: 2,
  error: null,
}
const expanded: DeployOutcome = {
  outcome: 'windowOpen',
  applied: ['20260101000000_index'],
  plan: samplePlan,
  run,
  warnings: [],
}
const upToDate: StatusOutcome = { migrations: [], openRun: null, warnings: [] }

function errorOf(text: string): ErrorDocument['error'] {
  return (JSON.parse(text) as ErrorDocument).error
}

describe('wrong use', () => {
  it.each([
    [[]],
    [['migrate']],
    [['deploy']],
    [['migrate', 'squash']],
    [['migrate', 'lint', '--format', 'html']],
    [['migrate', 'lint', 'a', '--migrations', 'b']],
    [['migrate', 'plan', '--colour']],
    [['migrate', 'plan', 'extra']],
    [['migrate', 'plan', '--sql', '--markdown']],
    [['migrate', 'plan', '--out', '']],
    [['migrate', 'deploy', '--phase', 'contract']],
    [['migrate', 'deploy', '--max-lock-ms', '0']],
    [['migrate', 'deploy', '--max-lock-ms', '1.5']],
    [['migrate', 'deploy', '--max-lock-ms', '1e9']],
    [['migrate', 'status', '--service', 'a b']],
    [['migrate', 'resolve']],
    [['migrate', 'resolve', '--applied', 'a', '--rolled-back', 'b']],
  ])('exits with 2 for %j, and says so on standard error', async (argv) => {
    const finished = await runFake(argv)
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(finished.stderr).not.toBe('')
    expect(finished.stdout).toBe('')
  })

  it.each([
    [['--json']],
    [['migrate', 'plan', '--json', '--sql']],
    [['migrate', '--json']],
    [['migrate', 'squash', '--json']],
    [['migrate', 'lint', '--json', '--format', 'sarif']],
    [['migrate', 'resolve', '--json']],
  ])('prints one document for %j', async (argv) => {
    const finished = await runFake(argv)
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(errorOf(finished.stdout).code).toBe('FHD_CLI_USAGE')
  })

  it('knows each option that is documented', async () => {
    for (const name of ['plan', 'deploy', 'complete', 'undo', 'status', 'history', 'drift', 'baseline', 'resolve']) {
      const { exitCode, stdout } = await runFake(['migrate', name, '--help'])
      expect(exitCode).toBe(exitCodes.done)
      for (const option of [
        '--json',
        '--service',
        '--help',
        '--version',
        '--migrations',
        '--database-url',
        '--schema',
      ]) {
        expect(stdout).toContain(option)
      }
    }
  })

  it('prints the version everywhere', async () => {
    for (const argv of [['--version'], ['migrate', '--version'], ['migrate', 'undo', '--version']]) {
      expect(await runFake(argv)).toMatchObject({
        exitCode: exitCodes.done,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      })
    }
  })
})

describe('the database and the folder', () => {
  const places: [string[], Record<string, string>, object][] = [
    [[], { DATABASE_URL: databaseUrl }, { schema: 'sales', applicationName: 'freehold' }],
    [
      [],
      { DATABASE_URL: databaseUrl, DIRECT_URL: 'postgresql://d@h/db' },
      { databaseUrl: 'postgresql://d@h/db', schema: 'public' },
    ],
    [[], { DATABASE_URL: databaseUrl, DIRECT_URL: '' }, { databaseUrl }],
    [['--database-url', 'postgresql://o@h/db'], { DIRECT_URL: databaseUrl }, { databaseUrl: 'postgresql://o@h/db' }],
    [['--schema', 'other'], { DATABASE_URL: databaseUrl }, { schema: 'other' }],
    [['--service', 'orders'], { DATABASE_URL: databaseUrl }, { applicationName: 'freehold-orders' }],
    [['--migrations', 'db/changes'], { DATABASE_URL: databaseUrl }, { migrationsFolder: '/project/db/changes' }],
    [[], { DATABASE_URL: databaseUrl }, { migrationsFolder: '/project/prisma/migrations' }],
  ]
  it.each(places)('are found through %j and %j', async (options, env, expected) => {
    let target: object | undefined
    const status = (found: object) => {
      target = found
      return Promise.resolve(upToDate)
    }
    await runFake(['migrate', 'status', ...options], { env, engine: { status } })
    expect(target).toMatchObject(expected)
  })

  it('are asked for where none is named', async () => {
    const finished = await runFake(['migrate', 'status'], { env: {} })
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(finished.stderr).toContain('DATABASE_URL')
  })

  it.each([
    'mysql://shop:correct-horse-battery@h/db',
    'shop:correct-horse-battery@h/db',
    'postgresql://shop:correct-horse-battery@h:port/db',
    'postgresql://shop:correct-horse-battery@h/',
    'postgresql://shop:correct-horse-battery@h/db?sslmode=maybe',
    'postgresql://shop:correct-horse-battery@h/db?sslcert=/nowhere/ca.pem',
  ])('are refused where the URL is %s', async (url) => {
    const finished = await runFake(['migrate', 'status', '--database-url', url])
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(finished.stderr).toContain(problems.urlInvalid.code)
    expect(finished.stdout + finished.stderr).not.toContain('correct-horse')
  })
})

describe('plan', () => {
  it('exits with 0, also where nothing is pending', async () => {
    const plan = () => Promise.resolve({ plan: null, warnings: ['20250101000000_old was edited'] })
    const finished = await runFake(['migrate', 'plan'], { engine: { plan } })
    expect(finished.exitCode).toBe(exitCodes.done)
    expect(finished.stdout).toContain('Nothing is pending')
    expect(finished.stdout).toContain('was edited')
  })

  it('exits with 1 and shows the whole plan where a statement is refused', async () => {
    const plan = () => Promise.resolve({ plan: refusedPlan, warnings: [] })
    for (const form of [[], ['--sql'], ['--markdown'], ['--json']]) {
      const finished = await runFake(['migrate', 'plan', ...form], { engine: { plan } })
      expect(finished.exitCode).toBe(exitCodes.refused)
      expect(finished.stdout).toContain('TYPE bigint')
    }
  })
})

describe('without a terminal', () => {
  it.each(['complete', 'undo'])('%s wants --yes', async (name) => {
    const finished = await runFake(['migrate', name])
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(finished.stderr).toContain('--yes')
  })

  it('deploy goes on, all phases too', async () => {
    const deploy = () => Promise.resolve(expanded)
    const finished = await runFake(['migrate', 'deploy', '--phase', 'all'], { engine: { deploy } })
    expect(finished.exitCode).toBe(exitCodes.done)
  })

  it('undo --dry-run asks for nothing', async () => {
    const undo = () => Promise.resolve({ outcome: 'dryRun' as const, migrations: ['a'], steps: [] })
    expect((await runFake(['migrate', 'undo', '--dry-run'], { engine: { undo } })).exitCode).toBe(exitCodes.done)
  })
})

describe('on a terminal', () => {
  const engine = {
    complete: () => Promise.resolve({ ...expanded, outcome: 'done' as const }),
    deploy: () => Promise.resolve(expanded),
    undo: () => Promise.resolve({ outcome: 'undone' as const, migrations: [], steps: [] }),
  }
  it.each([
    ['complete'],
    ['undo'],
    ['deploy', '--phase', 'all'],
  ])('%s %s asks first, and names the database', async (...argv) => {
    const given = argv.filter((part) => part !== undefined)
    const yes = await runFake(['migrate', ...given], { engine, isTerminal: true, answer: true })
    expect(yes.stderr).toContain('orders on db.example.com:5433')
    expect(yes.exitCode).toBe(exitCodes.done)
    const no = await runFake(['migrate', ...given], { isTerminal: true, answer: false })
    expect(no.exitCode).toBe(exitCodes.refused)
    expect(no.stderr).toContain('FHD_CLI_DECLINED')
    const unasked = await runFake(['migrate', ...given, '--yes'], { engine, isTerminal: true, answer: false })
    expect(unasked.exitCode).toBe(exitCodes.done)
  })

  it('deploy asks nothing while it only expands', async () => {
    expect((await runFake(['migrate', 'deploy'], { engine, isTerminal: true, answer: false })).exitCode).toBe(
      exitCodes.done,
    )
  })

  it('colours its text, but not under NO_COLOR', async () => {
    const plan = () => Promise.resolve({ plan: samplePlan, warnings: [] })
    const coloured = await runFake(['migrate', 'plan'], { engine: { plan }, isTerminal: true })
    expect(coloured.stdout).toContain('\u001b[')
    const env = { DATABASE_URL: databaseUrl, NO_COLOR: '1' }
    const bare = await runFake(['migrate', 'plan'], { engine: { plan }, isTerminal: true, env })
    expect(bare.stdout).not.toContain('\u001b[')
  })
})

describe('--exit-code', () => {
  it('tells an open window by 3', async () => {
    const status = () => Promise.resolve({ ...upToDate, openRun: { ...run, remaining: [] } })
    expect((await runFake(['migrate', 'status'], { engine: { status } })).exitCode).toBe(exitCodes.done)
    expect((await runFake(['migrate', 'status', '--exit-code'], { engine: { status } })).exitCode).toBe(exitCodes.found)
    const closed = () => Promise.resolve(upToDate)
    expect((await runFake(['migrate', 'status', '--exit-code'], { engine: { status: closed } })).exitCode).toBe(
      exitCodes.done,
    )
  })

  it('tells drift by 3', async () => {
    const differences = [{ object: 'index sales.a', what: 'unexpected', expected: null, found: 'CREATE INDEX a' }]
    const drift = () => Promise.resolve({ differences, fingerprint: 'f' })
    expect((await runFake(['migrate', 'drift'], { engine: { drift } })).exitCode).toBe(exitCodes.done)
    expect((await runFake(['migrate', 'drift', '--exit-code'], { engine: { drift } })).exitCode).toBe(exitCodes.found)
    const unknown = () => Promise.resolve({ differences: null, fingerprint: 'f' })
    expect((await runFake(['migrate', 'drift', '--exit-code'], { engine: { drift: unknown } })).exitCode).toBe(
      exitCodes.done,
    )
  })
})

describe('an error', () => {
  const syntax = new Problem(problems.syntaxError, 'syntax error at or near "TABEL"', {
    sqlstate: '42601',
    migrationId: '20260101000000_bad',
    line: 3,
    column: 8,
    lines: ['CREATE TABEL t ();', '       ^'],
  })

  it('tells what happened, where, and what to do', async () => {
    const plan = () => Promise.reject(syntax)
    const finished = await runFake(['migrate', 'plan'], { engine: { plan } })
    expect(finished.exitCode).toBe(exitCodes.refused)
    expect(finished.stderr).toMatchInlineSnapshot(`
      "error: syntax error at or near "TABEL"
        at 20260101000000_bad/migration.sql, line 3, column 8, SQLSTATE 42601
        CREATE TABEL t ();
               ^
      to do: mend the statement; nothing was run [FHD_MIGRATE_SYNTAX]
      "
    `)
  })

  it('is one document with --json', async () => {
    const plan = () => Promise.reject(syntax)
    const finished = await runFake(['migrate', 'plan', '--json'], { engine: { plan } })
    expect(errorOf(finished.stdout)).toMatchObject({
      code: 'FHD_MIGRATE_SYNTAX',
      sqlstate: '42601',
      line: 3,
      column: 8,
    })
  })

  it.each(Object.entries(problems))('of the kind %s ends with its exit code', async (_name, definition) => {
    const status = () => Promise.reject(new Problem(definition, 'what happened'))
    const finished = await runFake(['migrate', 'status'], { engine: { status } })
    expect(finished.exitCode).toBe({ usage: 2, refused: 1, stopped: 4 }[definition.kind])
    expect(finished.stderr).toContain(definition.hint)
  })

  it('that is no Problem is called a bug, with its stack and its causes', async () => {
    const status = () => Promise.reject(new Error('what was not thought of', { cause: new TypeError('deeper') }))
    const finished = await runFake(['migrate', 'status'], { engine: { status } })
    expect(finished.exitCode).toBe(exitCodes.refused)
    expect(finished.stderr).toContain('program.test.ts')
    expect(finished.stderr).toContain('caused by TypeError: deeper')
    expect(finished.stderr).toContain('bug in Freehold')
    const asJson = await runFake(['migrate', 'status', '--json'], { engine: { status } })
    expect(errorOf(asJson.stdout).code).toBe('FHD_CLI_BUG')
  })

  it('never shows the password, whatever quotes it', async () => {
    const leaks = [
      () => Promise.reject(new Error(`cannot reach ${databaseUrl}`)),
      () => Promise.reject(new Problem(problems.connectionFailed, 'no', { lines: ['password=correct-horse-battery'] })),
    ]
    for (const status of leaks) {
      for (const json of [[], ['--json']]) {
        const finished = await runFake(['migrate', 'status', ...json], { engine: { status } })
        expect(finished.stdout + finished.stderr).not.toContain('correct-horse')
      }
    }
    const misspelt = await runFake(['migrate', 'status', `--databaseurl=${databaseUrl}`])
    expect(misspelt.stderr).not.toContain('correct-horse')
  })
})

describe('SIGINT and SIGTERM', () => {
  it('abort the engine’s signal once, and end the process the second time', async () => {
    const ended: number[] = []
    const deploy = (target: { signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => {
        target.signal.addEventListener('abort', () => {
          interrupt()
          reject(target.signal.reason)
        })
        interrupt()
      })
    let interrupt = () => {}
    const finished = await runFake(['migrate', 'deploy'], {
      engine: { deploy },
      onStart(listener) {
        interrupt = listener
      },
      exitNow: (code) => ended.push(code),
    })
    expect(finished.exitCode).toBe(exitCodes.stopped)
    expect(finished.stderr).toContain('once more')
    expect(finished.stderr).toContain(problems.stopped.hint)
    expect(ended).toEqual([exitCodes.stopped])
  })
})
