import { readMigrations } from '../read/read-migrations.ts'
import type { PlanOutcome } from './outcomes.ts'
import { findPending } from './pending.ts'
import { planPending } from './plan-pending.ts'
import type { Target } from './target.ts'
import { withSession } from './with-session.ts'

export type PlanOptions = Record<string, never>

/** Returns the plan for what is pending, proven unless it holds a refusal; changes nothing. */
export async function plan(target: Target): Promise<PlanOutcome> {
  const source = await readMigrations(target.migrationsFolder)
  target.onFact({ kind: 'preparing', what: 'connect' })
  return await withSession(target, async (client) => {
    const { applied, pending, warnings } = await findPending(client, target, source)
    if (pending.length === 0) {
      return { plan: null, warnings }
    }
    const made = await planPending({ client, ...target, applied, pending })
    return { plan: made.plan, warnings }
  })
}
