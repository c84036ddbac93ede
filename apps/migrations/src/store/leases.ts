// Work is a row that a worker holds for a while. The lease's epoch is the fence: every write of the worker names it, so
// that one who lost the lease without noticing changes nothing more. Times are the database's, not the workers'.

import { sql } from 'kysely'
import type { PlanRow, RunRow, Store } from './schema.ts'

export interface LeaseTerms {
  holder: string
  leaseMs: number
}

/** Who may write, and what they hold. */
export interface Lease {
  id: string
  epoch: number
}

const inMs = (ms: number) => sql<Date>`clock_timestamp() + ${ms} * interval '1 ms'`

const leaseChange = ({ holder, leaseMs }: LeaseTerms) => ({
  lease_holder: holder,
  lease_until: inMs(leaseMs),
  lease_epoch: sql<number>`lease_epoch + 1`,
})

/** Due, and held by nobody. */
const isFree = sql<boolean>`starts_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())`

/** Takes the run that has waited longest and that nobody holds. */
export async function leaseRun(
  store: Store,
  terms: LeaseTerms,
  states: readonly RunRow['state'][],
): Promise<RunRow | undefined> {
  return await store
    .updateTable('runs')
    .set(leaseChange(terms))
    .where('id', '=', (query) =>
      query
        .selectFrom('runs')
        .select('id')
        .where('state', 'in', states)
        .where(isFree)
        .orderBy('starts_at')
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
}

/**
 * Takes the plan that has waited longest and that nobody holds. A lease that ran out without being given back is a failure:
 * its worker crashed, and perhaps of the plan.
 */
export async function leasePlan(store: Store, terms: LeaseTerms): Promise<PlanRow | undefined> {
  return await store
    .updateTable('plans')
    .set({ ...leaseChange(terms), failures: sql<number>`failures + (lease_until IS NOT NULL)::int` })
    .where('id', '=', (query) =>
      query
        .selectFrom('plans')
        .select('id')
        .where('state', '=', 'making')
        .where(isFree)
        .orderBy('starts_at')
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
}

/** Holds the run for longer, and returns what was asked of it meanwhile; undefined when the lease is lost. */
export async function renewRunLease(
  store: Store,
  lease: Lease,
  leaseMs: number,
): Promise<Pick<RunRow, 'requested'> | undefined> {
  return await store
    .updateTable('runs')
    .set({ lease_until: inMs(leaseMs) })
    .where('id', '=', lease.id)
    .where('lease_epoch', '=', lease.epoch)
    .returning('requested')
    .executeTakeFirst()
}

/** Holds the plan for longer; undefined when the lease is lost. */
export async function renewPlanLease(store: Store, lease: Lease, leaseMs: number): Promise<object | undefined> {
  return await store
    .updateTable('plans')
    .set({ lease_until: inMs(leaseMs) })
    .where('id', '=', lease.id)
    .where('lease_epoch', '=', lease.epoch)
    .where('state', '=', 'making')
    .returning('id')
    .executeTakeFirst()
}

/** Lets another worker go on, at once or after a while; counts a failure where it is one. */
export async function releaseLease(
  store: Store,
  table: 'runs' | 'plans',
  lease: Lease,
  options: { afterMs: number; isFailure: boolean },
): Promise<void> {
  await store
    .updateTable(table)
    .set({
      lease_holder: null,
      lease_until: null,
      ...(options.afterMs === 0 ? {} : { starts_at: inMs(options.afterMs) }),
      ...(options.isFailure ? { failures: sql<number>`failures + 1` } : {}),
    })
    .where('id', '=', lease.id)
    .where('lease_epoch', '=', lease.epoch)
    .execute()
}
