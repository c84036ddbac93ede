import { withTransaction } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'
import { ensureHistory, insertFinished, markFinished, markRolledBack, readHistory } from '../read/history.ts'
import { readMigrations } from '../read/read-migrations.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

export interface ResolveOptions {
  applied?: string
  rolledBack?: string
}

export interface ResolveOutcome {
  migrationId: string
  state: 'applied' | 'rolledBack'
}

/** Enters a migration as applied or as rolled back and runs nothing, as `prisma migrate resolve` does. */
export async function resolve(target: Target, options: ResolveOptions): Promise<ResolveOutcome> {
  const id = options.applied ?? options.rolledBack ?? ''
  const source = await readMigrations(target.migrationsFolder)
  const migration = source.migrations.find((one) => one.id === id)
  return await withRunner(target, {}, async (runner) => {
    const { client } = runner
    const history = await readHistory(client, target.schema, source.migrations)
    const rows = history.filter((row) => row.id === id && row.rolledBackAt === null)
    const open = await runner.findOpenRun()
    if (open?.plan.migrations.some((one) => one.id === id)) {
      throw new Problem(problems.windowOpen, `the migration ${id} is part of a run that is not at its end`, {
        migrationId: id,
        hint: 'run freehold migrate complete, or freehold migrate undo',
      })
    }
    if (options.rolledBack !== undefined) {
      if (!rows.some((row) => row.finishedAt === null)) {
        throw new Problem(
          problems.migrationUnknown,
          `the migration ${id} has not failed, so that it cannot be rolled back`,
        )
      }
      await markRolledBack(client, target.schema, source.migrations, id)
      return { migrationId: id, state: 'rolledBack' }
    }
    if (migration === undefined) {
      throw new Problem(problems.migrationUnknown, `the folder ${target.migrationsFolder} holds no migration ${id}`)
    }
    if (rows.some((row) => row.finishedAt !== null)) {
      throw new Problem(problems.migrationUnknown, `the migration ${id} is applied already`)
    }
    await withTransaction(client, async () => {
      await ensureHistory(client, target.schema, [migration])
      const [begun] = rows
      await (begun === undefined
        ? insertFinished(client, target.schema, migration)
        : markFinished(client, target.schema, begun.rowId))
    })
    return { migrationId: id, state: 'applied' }
  })
}
