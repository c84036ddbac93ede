import type { Client } from '@freehold/postgres'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { choosePending } from '../read/choose-pending.ts'
import { readHistory } from '../read/history.ts'
import type { MigrationSource } from '../read/reader.ts'
import type { Target } from './target.ts'

export interface PendingMigrations {
  applied: Migration[]
  pending: Migration[]
  warnings: string[]
}

/** Returns what is to be applied; throws the Problem migrationFailedBefore where Prisma's deploy would refuse. */
export async function findPending(client: Client, target: Target, source: MigrationSource): Promise<PendingMigrations> {
  const { migrations } = source
  const history = await readHistory(client, target.schema, migrations)
  const { pending, warnings, failed } = choosePending(migrations, history)
  const [first] = failed
  if (first !== undefined) {
    const began = first.startedAt.toISOString()
    throw new Problem(
      problems.migrationFailedBefore,
      `the migration ${first.id} was begun at ${began} and did not finish`,
      {
        migrationId: first.id,
        lines: first.logs === null ? [] : first.logs.split('\n').slice(0, 10),
      },
    )
  }
  source.checkPending(pending)
  const ids = new Set(pending.map((migration) => migration.id))
  return {
    applied: migrations.filter((migration) => !ids.has(migration.id)),
    pending,
    warnings: [...source.warnings, ...warnings],
  }
}
