import { choosePending } from '../read/choose-pending.ts'
import { readHistory } from '../read/history.ts'
import type { AppliedMigration } from '../read/history-table.ts'
import { readMigrations } from '../read/read-migrations.ts'
import { findOpenRun, type Run, toSummary } from '../run/journal.ts'
import type { StatusOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withSession } from './with-session.ts'

/** Returns the state of each migration, and the run whose window is open or that was cut off. */
export async function status(target: Target): Promise<StatusOutcome> {
  const source = await readMigrations(target.migrationsFolder)
  const { migrations } = source
  return await withSession(target, async (client) => {
    const rows = await readHistory(client, target.schema, migrations)
    const { pending, warnings, edited, missing } = choosePending(migrations, rows)
    const open = await findOpenRun(client)
    const inRun = new Set(open?.plan.migrations.map((migration) => migration.id))
    const pendingIds = new Set(pending.map(({ id }) => id))
    const stateOf = (id: string): StatusOutcome['migrations'][number]['state'] => {
      if (edited.includes(id)) {
        return 'edited'
      }
      const state = toState(
        rows.filter((row) => row.id === id),
        inRun.has(id),
      )
      // A repeatable migration is applied and pending, once it has changed.
      return state === 'applied' && pendingIds.has(id) ? 'pending' : state
    }
    return {
      migrations: [
        ...migrations.map(({ id }) => ({ id, state: stateOf(id) })),
        ...missing.map((id) => ({ id, state: 'missing' as const })),
      ],
      openRun: open === undefined ? null : { ...toSummary(open), remaining: remainingOf(open) },
      warnings,
    }
  })
}

function toState(rows: AppliedMigration[], isInRun: boolean): StatusOutcome['migrations'][number]['state'] {
  const standing = rows.filter((row) => row.rolledBackAt === null)
  if (standing.some((row) => row.finishedAt !== null)) {
    return 'applied'
  }
  if (standing.length > 0) {
    return isInRun ? 'started' : 'failed'
  }
  // Not every tool's table can say that a migration has begun.
  return isInRun ? 'started' : rows.length > 0 ? 'rolledBack' : 'pending'
}

function remainingOf(run: Run): NonNullable<StatusOutcome['openRun']>['remaining'] {
  return run.plan.steps
    .filter((step) => run.steps.get(step.id)?.state !== 'applied')
    .map((step) => ({ stepId: step.id, phase: step.phase, reason: step.reason }))
}
