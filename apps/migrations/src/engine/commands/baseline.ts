import { withTransaction } from '@freehold/postgres'
import { ensureHistory, insertFinished } from '../read/history.ts'
import { readMigrations } from '../read/read-migrations.ts'
import { findPending } from './pending.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

export interface BaselineOutcome {
  /** Ids of the migrations that were entered as applied. */
  applied: string[]
  warnings: string[]
}

/** Enters every pending migration of the folder as applied and runs none. */
export async function baseline(target: Target): Promise<BaselineOutcome> {
  const source = await readMigrations(target.migrationsFolder)
  return await withRunner(target, {}, async ({ client }) => {
    const { pending, warnings } = await findPending(client, target, source)
    await withTransaction(client, async () => {
      await ensureHistory(client, target.schema, pending)
      for (const migration of pending) {
        await insertFinished(client, target.schema, migration)
      }
    })
    return { applied: pending.map(({ id }) => id), warnings }
  })
}
