import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFleet } from './fleet.ts'
import { addState, aMigration, type Platform, renameTotal, startPlatform, waitFor } from './platform.ts'
import { buildService, type Service } from './service.ts'
import { startWorkerProcess } from './worker-processes.ts'

const serviceId = 'shop'

describe('a fleet run', () => {
  it('migrates each database exactly once, though its workers are killed', async () => {
    const figures = await runFleet({ databases: 12, kills: 3, parallelMax: 6 })
    expect(figures).toMatchObject({ fleetState: 'completed', kills: 3, faults: [], plansMade: 1 })
  }, 180_000)
})

describe('with one platform', () => {
  let platform: Platform
  let service: Service
  beforeAll(async () => {
    platform = await startPlatform()
    service = await buildService(platform, { WORKERS: 'off' })
  })
  afterAll(async () => {
    await service?.close()
    await platform?.stop()
  })

  it('stops at the canary’s failure and leaves every other database untouched', async () => {
    const { client } = service
    const worker = startWorkerProcess(platform, 'canary')
    const ids: string[] = []
    for (const name of ['canary', 'second', 'third']) {
      const url = await platform.createShop(name)
      ids.push((await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })).id)
    }
    await (await platform.connectTo('canary')).query('INSERT INTO orders VALUES (0, -1, NULL)')
    const check = aMigration(
      '20260101000000_check',
      'ALTER TABLE orders ADD CONSTRAINT total_check CHECK (total > 0);\n',
    )
    const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: [check] } })
    const started = await client.startFleetRun({
      params: { serviceId },
      body: { migrationSetId: set.id, databaseIds: ids, canaryDatabaseId: ids[0] as string },
    })
    const fleet = await waitFor('the fleet run to stop', async () => {
      const now = await client.getFleetRun({ params: { serviceId, fleetRunId: started.id } })
      return now.state === 'stopped' ? now : undefined
    })
    expect(fleet).toMatchObject({ runs: { failed: 1, cancelled: 2 }, problem: { sqlstate: '23514' } })
    for (const name of ['second', 'third']) {
      const target = await platform.connectTo(name)
      const { rowCount } = await target.query("SELECT FROM pg_namespace WHERE nspname = 'freehold'")
      expect(rowCount).toBe(0)
    }
    await worker.kill()
  })

  it('plans a database of another schema for itself, and migrates it with the others', async () => {
    const { client } = service
    const worker = startWorkerProcess(platform, 'differing')
    const ids: string[] = []
    for (const name of ['same', 'other']) {
      const url = await platform.createShop(name)
      ids.push((await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })).id)
    }
    await (await platform.connectTo('other')).query('ALTER TABLE orders ADD COLUMN extra int')
    const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: [addState] } })
    const started = await client.startFleetRun({
      params: { serviceId },
      body: { migrationSetId: set.id, databaseIds: ids, phase: 'all' },
    })
    const fleet = await waitFor('the fleet run to end', async () => {
      const now = await client.getFleetRun({ params: { serviceId, fleetRunId: started.id } })
      return now.finishedAt === null ? undefined : now
    })
    expect(fleet).toMatchObject({ state: 'completed', runs: { completed: 2 } })
    const { items } = await client.listRuns({ params: { serviceId }, query: { fleetRunId: started.id } })
    expect(new Set(items.map(({ planId }) => planId)).size).toBe(2)
    await worker.kill()
  })

  it('leaves the windows open, and completes or takes back all of them at once', async () => {
    const { client } = service
    const worker = startWorkerProcess(platform, 'windows')
    const start = async (names: string[]) => {
      const databaseIds: string[] = []
      for (const name of names) {
        const url = await platform.createShop(name)
        databaseIds.push(
          (await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })).id,
        )
      }
      const set = await client.uploadMigrationSet({
        params: { serviceId },
        body: { migrations: [addState, renameTotal] },
      })
      const { id } = await client.startFleetRun({
        params: { serviceId },
        body: { migrationSetId: set.id, databaseIds, phase: 'expand' },
      })
      return { serviceId, fleetRunId: id }
    }
    const reach = (params: { serviceId: string; fleetRunId: string }, state: string, count: number) =>
      waitFor(`${count} runs to be ${state}`, async () => (await client.getFleetRun({ params })).runs[state] === count)
    const [kept, undone] = [await start(['kept_1', 'kept_2']), await start(['undone_1', 'undone_2'])]
    await reach(kept, 'windowOpen', 2)
    await reach(undone, 'windowOpen', 2)
    await client.completeFleetRun({ params: kept })
    await client.undoFleetRun({ params: undone })
    await reach(kept, 'completed', 2)
    await reach(undone, 'undone', 2)
    const problem = await client.completeFleetRun({ params: kept }).catch((error: unknown) => error)
    expect(problem).toMatchObject({ status: 409, code: 'FHD_MIGRATIONS_FLEET_RUN_NOT_IN_STATE' })
    await worker.kill()
  })

  it('goes on with a run whose worker was killed while it waited for a lock', async () => {
    const { client } = service
    const name = 'orphaned'
    const url = await platform.createShop(name)
    const target = await platform.connectTo(name, 'owner')
    const { id: databaseId } = await client.registerDatabase({
      params: { serviceId },
      body: { name, connection: { url } },
    })
    const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: [addState] } })
    await target.query('BEGIN; SELECT FROM orders')
    const first = startWorkerProcess(platform, 'first')
    const { id: runId } = await client.startRun({
      params: { serviceId, databaseId },
      body: { migrationSetId: set.id, phase: 'all' },
    })
    const store = await platform.connectTo('platform')
    await waitFor('the run to wait', async () => {
      const found = await store.query(
        "SELECT FROM migrations.run_facts WHERE run_id = $1 AND fact ->> 'kind' = 'waiting'",
        [runId],
      )
      return found.rowCount !== 0
    })
    await first.kill()
    const second = startWorkerProcess(platform, 'second')
    await waitFor('another worker to hold it', async () => {
      const found = await store.query("SELECT FROM migrations.runs WHERE id = $1 AND lease_holder LIKE '%#second'", [
        runId,
      ])
      return found.rowCount !== 0
    })
    await target.query('COMMIT')
    await waitFor(
      'the run to end',
      async () => (await client.getRun({ params: { serviceId, runId } })).state === 'completed',
    )
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 1 }])
    const facts = []
    for await (const { position, fact } of client.followRun({ params: { serviceId, runId } })) {
      facts.push(position)
      expect(fact.kind).not.toBe('takingBack')
    }
    expect(facts).toEqual(facts.map((_, index) => index + 1))
    await second.kill()
  })

  it('finds drift by itself, tells of it once, and tells when it is gone', async () => {
    const { client } = service
    const worker = startWorkerProcess(platform, 'watcher')
    const name = 'drifting'
    const url = await platform.createShop(name)
    const database = await client.registerDatabase({
      params: { serviceId },
      body: { name, connection: { url }, driftIntervalMs: 1000 },
    })
    const params = { serviceId, databaseId: database.id }
    const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: [addState] } })
    const { id: runId } = await client.startRun({ params, body: { migrationSetId: set.id, phase: 'all' } })
    await waitFor(
      'the run to end',
      async () => (await client.getRun({ params: { serviceId, runId } })).state === 'completed',
    )
    const target = await platform.connectTo(name, 'owner')
    await target.query('ALTER TABLE orders ADD COLUMN by_hand int')
    const [found] = await waitFor('drift to be found', async () => {
      const { items } = await client.listDrift({ params })
      return items.length > 0 ? items : undefined
    })
    expect(found?.differences[0]?.object).toMatch(/by_hand/)
    await target.query('ALTER TABLE orders DROP COLUMN by_hand')
    await client.checkDrift({ params })
    const gone = await waitFor('drift to be gone', async () => {
      const { items } = await client.listDrift({ params })
      return items.every(({ resolvedAt }) => resolvedAt !== null) ? items : undefined
    })
    expect(gone).toHaveLength(1)
    await worker.kill()
  })
})
