import {
  type DestructiveStatement,
  migrationsErrors,
  type Plan,
  type PlanState,
  type WorkProblem,
} from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import type { Lease } from './leases.ts'
import type { PlanRow, Store } from './schema.ts'

/** Returns what callers see of a plan. */
export function toPlan(row: PlanRow): Plan {
  return {
    id: row.id,
    service: row.service,
    databaseId: row.database_id,
    migrationSetId: row.migration_set_id,
    state: row.state,
    contentHash: row.content_hash,
    destructive: row.destructive,
    warnings: row.warnings,
    document: row.document as Plan['document'],
    problem: row.problem,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

/** Enters a plan that a worker is to make. */
export async function insertPlan(
  store: Store,
  input: { service: string; databaseId: string; migrationSetId: string; createdBy: string },
): Promise<PlanRow> {
  return await store
    .insertInto('plans')
    .values({
      id: uuidv7(),
      service: input.service,
      database_id: input.databaseId,
      migration_set_id: input.migrationSetId,
      state: 'making',
      destructive: '[]',
      warnings: '[]',
      created_by: input.createdBy,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Returns the service's plan; throws the Problem planNotFound. */
export async function getPlan(store: Store, service: string, id: string): Promise<PlanRow> {
  const row = await findPlan(store, id)
  if (row === undefined || row.service !== service) {
    throw new Problem(migrationsErrors.planNotFound, { detail: `${service} has no plan with the id ${id}` })
  }
  return row
}

/** Returns the plan, if there is one. */
export async function findPlan(store: Store, id: string): Promise<PlanRow | undefined> {
  return await store.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirst()
}

export interface PlanResult {
  state: Exclude<PlanState, 'making'>
  document: Record<string, unknown> | null
  contentHash: string | null
  destructive: DestructiveStatement[]
  warnings: string[]
  problem: WorkProblem | null
}

/** Enters what a worker made; undefined when its lease is lost. */
export async function finishPlan(trx: Store, lease: Lease, result: PlanResult): Promise<PlanRow | undefined> {
  return await trx
    .updateTable('plans')
    .set({
      state: result.state,
      document: result.document === null ? null : JSON.stringify(result.document),
      content_hash: result.contentHash,
      destructive: JSON.stringify(result.destructive),
      warnings: JSON.stringify(result.warnings),
      problem: result.problem === null ? null : JSON.stringify(result.problem),
      finished_at: new Date(),
      lease_holder: null,
      lease_until: null,
    })
    .where('id', '=', lease.id)
    .where('lease_epoch', '=', lease.epoch)
    .where('state', '=', 'making')
    .returningAll()
    .executeTakeFirst()
}
