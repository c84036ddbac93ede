import type { Fact, RunFact } from '@freehold/contracts-migrations'
import type { Lease } from './leases.ts'
import type { Store } from './schema.ts'

/** Appends facts to a run's, without gaps; returns false when the lease that is named is lost. */
export async function appendFacts(store: Store, runId: string, facts: Fact[], lease?: Lease): Promise<boolean> {
  return await store.transaction().execute(async (trx) => {
    let counting = trx
      .updateTable('runs')
      .set((column) => ({ facts_count: column('facts_count', '+', facts.length) }))
      .where('id', '=', runId)
      .returning('facts_count')
    if (lease !== undefined) {
      counting = counting.where('lease_epoch', '=', lease.epoch)
    }
    const counted = await counting.executeTakeFirst()
    if (counted === undefined) {
      return false
    }
    await insertFacts(trx, runId, counted.facts_count - facts.length, facts)
    return true
  })
}

/** Enters facts behind a position that the caller has counted on for them. */
export async function insertFacts(trx: Store, runId: string, after: number, facts: Fact[]): Promise<void> {
  const rows = facts.map((fact, index) => ({
    run_id: runId,
    position: after + index + 1,
    fact: JSON.stringify(fact),
    time: new Date(),
  }))
  await trx.insertInto('run_facts').values(rows).execute()
}

/** Returns facts behind the position, in order. */
export async function readFacts(store: Store, runId: string, after: number, limit: number): Promise<RunFact[]> {
  const rows = await store
    .selectFrom('run_facts')
    .select(['position', 'time', 'fact'])
    .where('run_id', '=', runId)
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map(({ position, time, fact }) => ({ position, time: time.toISOString(), fact }))
}
