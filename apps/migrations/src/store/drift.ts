import { type DriftFinding, databaseEvents } from '@freehold/contracts-migrations'
import { type PageRequest, parseIdCursor, toPage } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import { type Selectable, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { DatabaseRow, DriftFindingsTable, Store } from './schema.ts'

// An event has to fit into a broker's batch; who sees so many has seen enough.
const differencesMax = 200

function toFinding(row: Selectable<DriftFindingsTable>): DriftFinding {
  return {
    id: row.id,
    service: row.service,
    databaseId: row.database_id,
    fingerprint: row.fingerprint,
    differences: row.differences,
    foundAt: row.found_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
  }
}

/** Takes the database whose look for drift is longest due, unless a run is under way on it; its next look is set at once. */
export async function takeDueDatabase(store: Store): Promise<DatabaseRow | undefined> {
  return await store
    .updateTable('databases')
    .set({ drift_due_at: sql<Date>`clock_timestamp() + drift_interval_ms * interval '1 ms'` })
    .where('id', '=', (query) =>
      query
        .selectFrom('databases')
        .select('id')
        .where('removed_at', 'is', null)
        .where('drift_due_at', '<=', sql<Date>`clock_timestamp()`)
        .where((where) =>
          where.not(
            where.exists(
              query
                .selectFrom('runs')
                .select('runs.id')
                .whereRef('runs.database_id', '=', 'databases.id')
                .where('runs.state', 'in', ['expanding', 'contracting', 'undoing']),
            ),
          ),
        )
        .orderBy('drift_due_at')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
}

/** Enters what a look found: drift that is new, drift that changed, or that there is none any more; tells of each. */
export async function recordDrift(
  store: Store,
  database: DatabaseRow,
  found: { fingerprint: string; differences: DriftFinding['differences'] },
): Promise<void> {
  await store.transaction().execute(async (trx) => {
    await trx.updateTable('databases').set({ drift_checked_at: new Date() }).where('id', '=', database.id).execute()
    const open = await trx
      .selectFrom('drift_findings')
      .selectAll()
      .where('database_id', '=', database.id)
      .where('resolved_at', 'is', null)
      .executeTakeFirst()
    const isSame = open?.fingerprint === found.fingerprint && found.differences.length > 0
    if (isSame || (open === undefined && found.differences.length === 0)) {
      return
    }
    if (open !== undefined) {
      const resolved = await trx
        .updateTable('drift_findings')
        .set({ resolved_at: new Date() })
        .where('id', '=', open.id)
        .returningAll()
        .executeTakeFirstOrThrow()
      await publishEvent(trx, databaseEvents.driftResolved, database.id, toFinding(resolved))
    }
    if (found.differences.length > 0) {
      const row = await trx
        .insertInto('drift_findings')
        .values({
          id: uuidv7(),
          service: database.service,
          database_id: database.id,
          fingerprint: found.fingerprint,
          differences: JSON.stringify(found.differences.slice(0, differencesMax)),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await publishEvent(trx, databaseEvents.driftFound, database.id, toFinding(row))
    }
  })
}

/** Lists drift of the database, the latest first. */
export async function listDrift(store: Store, databaseId: string, page: PageRequest) {
  let query = store
    .selectFrom('drift_findings')
    .selectAll()
    .where('database_id', '=', databaseId)
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  const cursor = parseIdCursor(page.cursor)
  if (cursor !== undefined) {
    query = query.where('id', '<', cursor)
  }
  return toPage(await query.execute(), page.limit, ({ id }) => id, toFinding)
}
