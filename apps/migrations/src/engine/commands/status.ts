import { choosePending } from '../read/choose-pending.ts'
import { type AppliedMigration, readHistory } from '../read/prisma-table.ts'
import { readMigrationsFolder } from '../read/read-folder.ts'
import { findOpenRun, type Run, toSummary } from '../run/journal.ts'
import type { StatusOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withSession } from './with-session.ts'

/** Returns the state of each migration, and the run whose window is open or that was cut off. */
export async function status(target: Target): Promise<StatusOutcome> {
  const migrations = await readMigrationsFolder(target.migrationsFolder)
  return await withSession(target, async (client) => {
    const rows = await readHistory(client, target.schema)
    const { warnings, edited, missing } = choosePending(migrations, rows)
    const open = await findOpenRun(client)
    const inRun = new Set(open?.plan.migrations.map((migration) => migration.id))
    const stateOf = (id: string): StatusOutcome['migrations'][number]['state'] => {
      if (edited.includes(id)) {
        return 'edited'
      }
      return toState(
        rows.filter((row) => row.id === id),
        inRun.has(id),
      )
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
  return rows.length > 0 ? 'rolledBack' : 'pending'
}

function remainingOf(run: Run): NonNullable<StatusOutcome['openRun']>['remaining'] {
  return run.plan.steps
    .filter((step) => run.steps.get(step.id)?.state !== 'applied')
    .map((step) => ({ stepId: step.id, phase: step.phase, reason: step.reason }))
}
