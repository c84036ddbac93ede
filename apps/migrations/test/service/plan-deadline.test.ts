import { afterAll, beforeAll, expect, it } from 'vitest'
import { aMigration, type Platform, startPlatform, waitFor } from './platform.ts'
import { buildService } from './service.ts'
import { createBench } from './shop-runs.ts'

const sleeper = aMigration('20260101000000_slow', 'SELECT pg_sleep(1000000)')
let platform: Platform

beforeAll(async () => {
  platform = await startPlatform()
  // The sessions of rehearsals are seen from here.
  process.env['FREEHOLD_SHADOW_DATABASE_URL'] = platform.server.url()
})

afterAll(async () => {
  delete process.env['FREEHOLD_SHADOW_DATABASE_URL']
  await platform?.stop()
})

it('gives up a plan that takes longer than it may, and tells the run why', async () => {
  const service = await buildService(platform, { PLAN_TIMEOUT_MS: '2000' })
  const { setUp, reach } = createBench(platform, service)
  const { start } = await setUp('slow', [sleeper])
  const run = await reach(await start(), 'failed')
  expect(run.problem).toMatchObject({ code: 'FHD_MIGRATE_PLAN_TIMEOUT', hint: expect.stringContaining('by hand') })
  await service.close()
})

it('closes in the middle of a plan without waiting for its statement, and leaves the plan to another', async () => {
  const service = await buildService(platform, { PLAN_TIMEOUT_MS: '3600000' })
  const { setUp } = createBench(platform, service)
  const { start } = await setUp('closing', [sleeper])
  const run = await start()
  const admin = await platform.connectTo('platform')
  await waitFor('the rehearsal', async () => {
    return ((await admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rowCount ?? 0) > 0
  })
  await service.close()
  const { rows } = await admin.query(
    `SELECT r.state AS run, p.state AS plan, p.failures FROM migrations.runs r JOIN migrations.plans p ON p.id = r.plan_id WHERE r.id = $1`,
    [run.id],
  )
  expect(rows).toEqual([{ run: 'planning', plan: 'making', failures: 0 }])
})
