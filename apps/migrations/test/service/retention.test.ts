import type { Client } from '@freehold/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { pruneHistory } from '../../src/store/prune-history.ts'
import { type Platform, startPlatform } from './platform.ts'

let platform: Platform
let client: Client

beforeAll(async () => {
  platform = await startPlatform()
  client = await platform.connectTo('platform', 'migrations')
})
afterAll(async () => await platform?.stop())

/** Returns an id that tells what it is of and how old. */
const idOf = (kind: number, days: number): string =>
  `00000000-0000-7000-8${String(kind).padStart(3, '0')}-${String(days).padStart(12, '0')}`

/** Enters a set with a run of it, one with a plan alone and one with neither, all as old as that. */
async function enter(days: number): Promise<void> {
  const [database, used, planned, unused] = [1, 2, 3, 4].map((kind) => idOf(kind, days))
  const [plan, lonely, run, drift] = [5, 6, 7, 8].map((kind) => idOf(kind, days))
  const at = `now() - interval '${days} days'`
  await client.query(`
    INSERT INTO migrations.databases (id, service, name, schema_name, url_reference, windows, approval, max_lock_ms,
      drift_interval_ms, drift_due_at)
    VALUES ('${database}', 'shop', 'd${days}', 'public', 'env:X', '[]', 'always', 100, 1000, now());
    INSERT INTO migrations.migration_sets (id, service, content_hash, bytes, created_by, created_at)
    SELECT id::uuid, 'shop', id, 1, 'ada', ${at} FROM unnest(ARRAY['${used}', '${planned}', '${unused}']) AS id;
    INSERT INTO migrations.migration_files (migration_set_id, position, migration_id, checksum, sql)
    SELECT id::uuid, 0, '1_a', 'x', 'SELECT 1' FROM unnest(ARRAY['${used}', '${planned}', '${unused}']) AS id;
    INSERT INTO migrations.plans (id, service, database_id, migration_set_id, state, destructive, warnings, created_by, created_at)
    VALUES ('${plan}', 'shop', '${database}', '${used}', 'made', '[]', '[]', 'ada', ${at}),
      ('${lonely}', 'shop', '${database}', '${planned}', 'failed', '[]', '[]', 'ada', ${at});
    INSERT INTO migrations.runs (id, service, database_id, migration_set_id, plan_id, phase, state, applied, created_by,
      created_at, finished_at)
    VALUES ('${run}', 'shop', '${database}', '${used}', '${plan}', 'all', 'completed', '[]', 'ada', ${at}, ${at});
    INSERT INTO migrations.run_facts (run_id, position, fact) SELECT '${run}', n, '{}' FROM generate_series(1, 3) AS n;
    INSERT INTO migrations.drift_findings (id, service, database_id, fingerprint, differences, resolved_at)
    VALUES ('${drift}', 'shop', '${database}', 'x', '[]', ${at})`)
}

const count = async (): Promise<Record<string, number>> => {
  const names = ['run_facts', 'drift_findings', 'plans', 'migration_sets', 'migration_files', 'runs']
  const counts = await Promise.all(
    names.map(async (name) => {
      const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM migrations.${name}`)
      return [name, rows[0]?.n ?? 0] as const
    }),
  )
  return Object.fromEntries(counts)
}

describe('the history of the service', () => {
  it('loses after 90 days what nobody comes back to, and no run with its plan and its set', async () => {
    await enter(89)
    const young = await count()
    const databaseUrl = platform.server.url('platform', 'migrations')
    const store = openStore({ databaseUrl, applicationName: 'test', connectionsMax: 1 })
    expect(await pruneHistory(store)).toBe(false)
    expect(await count()).toEqual(young)
    await enter(91)
    expect(await pruneHistory(store)).toBe(false)
    expect(await count()).toEqual({
      run_facts: 3,
      drift_findings: 1,
      plans: 3,
      migration_sets: 4,
      migration_files: 4,
      runs: 2,
    })
    await store.destroy()
  })
})
