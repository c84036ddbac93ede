import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CutOffDatabases, differencesOf, setUpCutOff, traceOf } from './fixtures/cut-off-database.ts'
import { momentsOf, seed } from './fixtures/moments.ts'

let server: Server
let databases: CutOffDatabases
/** What an uncut run says and leaves behind, and the same of one that is taken back. */
const uncut = { deploy: [] as string[], expand: [] as string[], undo: [] as string[] }
const left = { deployed: {}, undone: {} }

beforeAll(async () => {
  server = await startTestServer(18)
  process.env['FREEHOLD_SHADOW_DATABASE_URL'] = server.url()
  process.env['FREEHOLD_BRIEF_TABLE_BYTES'] = '0'
  databases = await setUpCutOff(server)
  const deployed = await databases.create('uncut')
  uncut.deploy = await databases.run('uncut', 'deploy')
  left.deployed = await traceOf(deployed)
  const undone = await databases.create('uncut_undone')
  uncut.expand = await databases.run('uncut_undone', 'expand')
  uncut.undo = await databases.run('uncut_undone', 'undo')
  left.undone = await traceOf(undone)
  expect(await differencesOf(databases.plain, deployed)).toEqual([])
  expect(await differencesOf(databases.before, undone)).toEqual([])
})

afterAll(async () => {
  await databases.remove()
  await server.stop()
})

const minutes = 60_000

describe(`a runner that is killed (seed ${seed})`, () => {
  it('has a plan with every mechanism', () => {
    const mechanisms = new Set(databases.plan.statements.map(({ mechanism }) => mechanism))
    expect([...mechanisms].sort()).toEqual(['batched', 'brief', 'concurrent', 'deferred', 'twin', 'validated'])
  })

  it(
    'is gone on with to the same end, whatever it was doing',
    async () => {
      for (const [index, moments] of momentsOf(uncut.deploy, 18).entries()) {
        const name = `killed_${index}`
        const client = await databases.create(name)
        let kills = 0
        for (const moment of moments) {
          kills += (await databases.runUntil(name, 'deploy', moment)) ? 1 : 0
        }
        await databases.run(name, 'deploy')
        // The last ones may come to a run that is at its end.
        expect(kills).toBeGreaterThan(moments.length / 2)
        expect(await differencesOf(databases.plain, client)).toEqual([])
        expect(await traceOf(client)).toEqual(left.deployed)
      }
    },
    30 * minutes,
  )

  it(
    'is taken back to the start, wherever it was killed',
    async () => {
      const client = await databases.create('taken_back')
      for (const moment of momentsOf(uncut.expand, 6).flat()) {
        await databases.runUntil('taken_back', 'expand', moment)
        await databases.run('taken_back', 'undo').catch((error: unknown) => {
          // Killed before it had begun.
          expect(error).toMatchObject({ definition: { code: 'FHD_MIGRATE_NOTHING_TO_UNDO' } })
        })
        expect(await differencesOf(databases.before, client)).toEqual([])
      }
      expect(await traceOf(client)).toEqual(left.undone)
    },
    30 * minutes,
  )

  it(
    'is gone on with when it was killed on the way back',
    async () => {
      for (const [index, moments] of momentsOf(uncut.undo, 6).entries()) {
        const name = `killed_back_${index}`
        const client = await databases.create(name)
        await databases.run(name, 'expand')
        for (const moment of moments) {
          // Where the one before was killed after its last work, nothing is left to take back.
          if ((await traceOf(client))['open'] !== null) {
            await databases.runUntil(name, 'undo', moment)
          }
        }
        if ((await traceOf(client))['open'] !== null) {
          await databases.run(name, 'undo')
        }
        expect(await differencesOf(databases.before, client)).toEqual([])
        expect(await traceOf(client)).toEqual(left.undone)
      }
    },
    30 * minutes,
  )

  it('takes all back, as an uncut run does, when its contract phase fails after it was killed', async () => {
    const client = await databases.create('failing')
    const first = databases.plan.steps.find(({ phase }) => phase === 'contract')?.id
    expect(await databases.runUntil('failing', 'deploy', { facts: [`stepFinished:${first}`], messages: 0 })).toBe(true)
    await client.query('CREATE VIEW notes AS SELECT note FROM customers')
    for (const messages of [0, 3, 7]) {
      const killedBack = { facts: databases.plan.steps.map(({ id }) => `takingBack:${id}`), messages }
      expect(await databases.runUntil('failing', 'deploy', killedBack)).toBe(true)
    }
    await expect(databases.run('failing', 'deploy')).rejects.toMatchObject({
      definition: { code: 'FHD_MIGRATE_STEP_FAILED' },
      details: { sqlstate: '2BP01' },
    })
    await client.query('DROP VIEW notes')
    expect(await differencesOf(databases.before, client)).toEqual([])
    expect((await traceOf(client))['open']).toBeNull()
  })

  it('leaves the writes of a role alone that may not see Freehold’s schema, and keeps them', async () => {
    const client = await databases.create('writing')
    await client.query('GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO app')
    const { steps } = databases.plan
    const copying = steps.find(({ phase, do: action }) => phase === 'contract' && action.kind === 'batch')
    const moment = { facts: [`stepFinished:${copying?.id}`], messages: 0 }
    expect(await databases.runUntil('writing', 'deploy', moment)).toBe(true)
    const app = await connect({ connectionString: server.url('writing', 'app'), applicationName: 'app' })
    await expect(app.query('SELECT FROM freehold.migration_runs')).rejects.toMatchObject({ code: '42501' })
    await app.query(`UPDATE public.customers SET note = 'written' WHERE id = 7`)
    await app.query(`INSERT INTO public.customers VALUES (1001, 'c1001', 'new')`)
    await app.end()
    await databases.run('writing', 'deploy')
    const kept = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE relname LIKE 'kept%customers_note'`,
    )
    const written = await client.query(`SELECT id::int, note FROM ${kept.rows[0]?.name} WHERE id IN ('7', '1001')`)
    expect(written.rows).toEqual(
      expect.arrayContaining([
        { id: 7, note: 'written' },
        { id: 1001, note: 'new' },
      ]),
    )
  })
})
