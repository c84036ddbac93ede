import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, connect, sqlstateOf } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { complete, deploy, Problem, plan, type Target, undo } from '../src/engine/index.ts'
import {
  compareCatalogs,
  compareContents,
  findVolatileColumns,
  parseMigration,
  readCatalog,
} from '../src/engine/testing.ts'

interface Expectation {
  /** Mechanisms of the plan's statements. */
  mechanisms?: string[]
  /** Whether something is left to contract. */
  window?: boolean
  refused?: string
  /** SQLSTATE with which the plain run fails, where only a comment makes the migration possible. */
  plainFails?: string
}

const folder = path.join(import.meta.dirname, '../cases')
const names = readdirSync(folder).sort()
let server: Server
let admin: Client

beforeAll(async () => {
  server = await startTestServer(18)
  // One server serves the shadows of all cases.
  process.env['FREEHOLD_SHADOW_DATABASE_URL'] = server.url()
  process.env['FREEHOLD_BRIEF_TABLE_BYTES'] = '0'
  admin = await connect({ connectionString: server.url(), applicationName: 'cases' })
  await admin.query('CREATE ROLE case_owner LOGIN; CREATE ROLE case_app LOGIN')
})

afterAll(async () => {
  await admin.end()
  await server.stop()
})

describe.each(names)('%s', (name) => {
  it('ends as the plain run does, and is as before after undo', async () => {
    await using setup = await prepare(name)
    const { target, expectation, before, plain, online } = setup
    const made = (await plan(target)).plan
    if (expectation.refused !== undefined) {
      expect(made?.refusals.map(({ why }) => why)).toEqual([expectation.refused])
      await expect(deploy(target, options)).rejects.toBeInstanceOf(Problem)
      expect(await differences(before, online, setup)).toEqual([])
      return
    }
    expect(made?.refusals).toEqual([])
    if (expectation.mechanisms !== undefined) {
      expect([...new Set(made?.statements.map(({ mechanism }) => mechanism))]).toEqual(expectation.mechanisms)
    }
    const first = await deploy(target, options)
    expect(first.outcome).toBe(expectation.window === true ? 'windowOpen' : 'done')
    await undo(target, { dryRun: false, maxLockMs: 100 })
    expect((await differences(before, online, setup)).filter(isUndone).filter(isNoSequence)).toEqual([])
    const second = await deploy(target, options)
    if (second.outcome === 'windowOpen') {
      await complete(target, { maxLockMs: 100 })
    }
    if (expectation.plainFails === undefined) {
      expect((await differences(plain, online, setup)).filter(isNoSequence)).toEqual([])
    }
  })
})

const options = { phase: 'expand', completePrevious: false, maxLockMs: 100 } as const

/** An enum value cannot be removed, which the plan says. */
function isUndone(difference: { object: string; what: string }): boolean {
  return !(difference.object.startsWith('type ') && difference.what === 'labels')
}

/** Numbers that the run before gave out do not come back with its undo. */
function isNoSequence(difference: { object: string }): boolean {
  return !difference.object.startsWith('sequence ')
}

async function prepare(name: string) {
  const read = async (file: string): Promise<string> => await readFile(path.join(folder, name, file), 'utf8')
  const suffix = name.replaceAll(/\W/g, '_')
  const [before, plain, online] = [`${suffix}_b`, `${suffix}_p`, `${suffix}_o`].map((one) => one.slice(-60)) as [
    string,
    string,
    string,
  ]
  const open = async (database: string): Promise<Client> => {
    const client = await connect({ connectionString: server.url(database, 'case_owner'), applicationName: 'cases' })
    await client.query('SET search_path TO public')
    return client
  }
  await admin.query(`CREATE DATABASE "${before}" OWNER case_owner`)
  const client = await open(before)
  await client.query(await read('before.sql'))
  await client.query(await read('rows.sql'))
  await client.query(
    'GRANT USAGE ON SCHEMA public TO case_app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO case_app',
  )
  await client.end()
  await admin.query(`CREATE DATABASE "${plain}" OWNER case_owner TEMPLATE "${before}"`)
  await admin.query(`CREATE DATABASE "${online}" OWNER case_owner TEMPLATE "${before}"`)
  const migrationsFolder = await mkdtemp(path.join(tmpdir(), 'freehold-case-'))
  const files = readdirSync(path.join(folder, name)).filter((file) => /^migration(-\d)?\.sql$/.test(file))
  const migrations = await Promise.all(files.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).map(read))
  for (const [index, sql] of migrations.entries()) {
    await mkdir(path.join(migrationsFolder, `${index + 1}_case`))
    await writeFile(path.join(migrationsFolder, `${index + 1}_case/migration.sql`), sql)
  }
  const expectation = JSON.parse(await read('expect.json')) as Expectation
  const clients = { before: await open(before), plain: await open(plain), online: await open(online) }
  const nowFrom = new Date(Date.now() - 1000)
  expect(await runPlainly(clients.plain, migrations)).toBe(expectation.plainFails)
  const target: Target = {
    databaseUrl: server.url(online, 'case_owner'),
    migrationsFolder,
    schema: 'public',
    onFact: () => {},
    signal: new AbortController().signal,
  }
  return {
    ...clients,
    target,
    expectation,
    nowFrom,
    sql: migrations.join('\n'),
    async [Symbol.asyncDispose]() {
      for (const one of Object.values(clients)) {
        await one.end()
      }
      await rm(migrationsFolder, { recursive: true, force: true })
      for (const database of [before, plain, online]) {
        await admin.query(`DROP DATABASE "${database}" WITH (FORCE)`)
      }
    },
  }
}

/** Each file is one query, as Prisma runs it. Returns the SQLSTATE of what fails. */
async function runPlainly(client: Client, migrations: string[]): Promise<string | undefined> {
  for (const sql of migrations) {
    const state = await client.query(sql).then(() => undefined, sqlstateOf)
    if (state !== undefined) {
      return state
    }
    await client.query('RESET ALL; SET search_path TO public')
  }
  return undefined
}

async function differences(wanted: Client, found: Client, setup: { nowFrom: Date; sql: string }) {
  const expected = await readCatalog(wanted)
  const catalogs = compareCatalogs(expected, await readCatalog(found))
  if (catalogs.length > 0) {
    return catalogs
  }
  const volatile = findVolatileColumns(await parseMigration({ id: 'case', checksum: '', sql: setup.sql }), expected)
  return await compareContents(wanted, found, expected, { volatile, nowFrom: setup.nowFrom })
}
