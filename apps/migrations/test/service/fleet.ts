/** One migration set over many databases, by worker processes that are killed on the way. */

import type { FleetRun } from '@freehold/contracts-migrations'
import { connect } from '@freehold/postgres'
import { addState, type Platform, startPlatform, waitFor } from './platform.ts'
import { buildService, type Service } from './service.ts'
import { startWorkerProcess, type WorkerProcess } from './worker-processes.ts'

export interface FleetFigures {
  databases: number
  kills: number
  fleetState: FleetRun['state']
  /** Databases that are not migrated exactly once, with what they are instead. */
  faults: string[]
  /** Runs that a second worker went on with. */
  takenOver: number
  plansMade: number
  planMs: number
  totalMs: number
}

const serviceId = 'shop'
const workersCount = 2

/** Migrates the databases, killing a worker whenever another part of them is done, and looks at each afterwards. */
export async function runFleet(options: {
  databases: number
  kills: number
  parallelMax?: number
  onProgress?(done: number): void
}): Promise<FleetFigures> {
  const platform = await startPlatform()
  const service = await buildService(platform, { WORKERS: 'off' })
  const workers = Array.from({ length: workersCount }, (_, index) => startWorkerProcess(platform, `w${index}`))
  try {
    const names = Array.from({ length: options.databases }, (_, index) => `shop_${String(index).padStart(4, '0')}`)
    await registerAll(platform, service, names)
    const startedAt = Date.now()
    const { fleet, plannedAt, kills } = await drive(platform, service, workers, options)
    const endedAt = Date.now()
    return {
      databases: options.databases,
      kills,
      fleetState: fleet.state,
      faults: await findFaults(platform, names),
      ...(await readStore(platform)),
      planMs: plannedAt - startedAt,
      totalMs: endedAt - startedAt,
    }
  } finally {
    await Promise.all(workers.map(async (worker) => await worker.kill()))
    await service.close()
    await platform.stop()
  }
}

async function registerAll(platform: Platform, { client }: Service, names: string[]): Promise<void> {
  for (const name of names) {
    const url = await platform.createShop(name)
    await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })
  }
}

async function drive(
  platform: Platform,
  { client }: Service,
  workers: WorkerProcess[],
  options: { databases: number; kills: number; parallelMax?: number; onProgress?(done: number): void },
): Promise<{ fleet: FleetRun; plannedAt: number; kills: number }> {
  const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: [addState] } })
  const { id } = await client.startFleetRun({
    params: { serviceId },
    body: { migrationSetId: set.id, phase: 'all', parallelMax: options.parallelMax ?? 8 },
  })
  let kills = 0
  let plannedAt = 0
  const fleet = await waitFor(
    'the fleet run to end',
    async () => {
      const now = await client.getFleetRun({ params: { serviceId, fleetRunId: id } })
      const done = now.runs['completed'] ?? 0
      plannedAt ||= done > 0 ? Date.now() : 0
      options.onProgress?.(done)
      if (kills < options.kills && done > (kills * options.databases) / (options.kills + 1)) {
        kills += 1
        await replaceOne(platform, workers, kills)
      }
      return now.state === 'completed' || now.state === 'stopped' ? now : undefined
    },
    60_000 + options.databases * 10_000,
  )
  return { fleet, plannedAt, kills }
}

/** Kills a worker in the midst of its work, whatever it is doing, and starts another in its place. */
async function replaceOne(platform: Platform, workers: WorkerProcess[], kills: number): Promise<void> {
  const index = Math.floor(Math.random() * workers.length)
  await workers[index]?.kill()
  workers[index] = startWorkerProcess(platform, `w${index}-${kills}`)
}

const lookSql = `SELECT (SELECT count(*)::int FROM counted) AS counted,
  (SELECT count(*)::int FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL) AS applied,
  (SELECT count(*)::int FROM _prisma_migrations) AS entered,
  (SELECT string_agg(state, ',') FROM freehold.migration_runs) AS journal,
  (SELECT count(*)::int FROM pg_index WHERE indexrelid = 'orders_state_idx'::regclass AND indisvalid) AS indexes`

const expected = JSON.stringify({ counted: 1, applied: 1, entered: 1, journal: 'done', indexes: 1 })

async function findFaults(platform: Platform, names: string[]): Promise<string[]> {
  const faults: string[] = []
  for (const name of names) {
    const client = await connect({ connectionString: platform.server.url(name), applicationName: 'test' })
    try {
      const found = await client.query(lookSql).then(
        ({ rows }) => JSON.stringify(rows[0]),
        (error: unknown) => String(error),
      )
      if (found !== expected) {
        faults.push(`${name}: ${found}`)
      }
    } finally {
      await client.end()
    }
  }
  return faults
}

async function readStore(platform: Platform): Promise<{ takenOver: number; plansMade: number }> {
  const client = await connect({ connectionString: platform.server.url('platform'), applicationName: 'test' })
  try {
    const { rows } = await client.query<{ takenOver: number; plansMade: number }>(
      `SELECT (SELECT count(*)::int FROM migrations.runs WHERE lease_epoch > 1) AS "takenOver",
              (SELECT count(*)::int FROM migrations.plans WHERE state = 'made') AS "plansMade"`,
    )
    return rows[0] ?? { takenOver: 0, plansMade: 0 }
  } finally {
    await client.end()
  }
}
