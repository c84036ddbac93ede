import { sql } from 'kysely'
import type { Store } from './schema.ts'

/** How long what nobody comes back to is kept. Runs, their plans and who approved them stay. */
const keptDays = 90
/** Rows that one statement removes, so that none of them holds others up for long. */
const rowsMax = 5000

const longAgo = sql`now() - make_interval(days => ${keptDays})`

/**
 * Removes the facts of runs that ended long ago, drift that was resolved then, and plans and migration sets of then that no
 * run was made of. Returns whether there may be more.
 */
export async function pruneHistory(store: Store): Promise<boolean> {
  const facts = await sql`
    DELETE FROM migrations.run_facts WHERE (run_id, position) IN (
      SELECT f.run_id, f.position FROM migrations.runs r JOIN migrations.run_facts f ON f.run_id = r.id
      WHERE r.finished_at < ${longAgo} LIMIT ${rowsMax})`.execute(store)
  const drift = await sql`
    DELETE FROM migrations.drift_findings WHERE id IN (
      SELECT id FROM migrations.drift_findings WHERE resolved_at < ${longAgo} LIMIT ${rowsMax})`.execute(store)
  const plans = await sql`
    DELETE FROM migrations.plans WHERE id IN (
      SELECT p.id FROM migrations.plans p
      WHERE p.state <> 'making' AND p.created_at < ${longAgo}
        AND NOT EXISTS (SELECT FROM migrations.runs r WHERE r.plan_id = p.id)
      LIMIT ${rowsMax} FOR UPDATE SKIP LOCKED)`.execute(store)
  const sets = await pruneSets(store)
  return [facts, drift, plans].some(({ numAffectedRows }) => Number(numAffectedRows) === rowsMax) || sets === setsMax
}

/** Each of them may have thousands of files. */
const setsMax = 20

async function pruneSets(store: Store): Promise<number> {
  return await store.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      SELECT s.id FROM migrations.migration_sets s
      WHERE s.created_at < ${longAgo}
        AND NOT EXISTS (SELECT FROM migrations.plans p WHERE p.migration_set_id = s.id)
        AND NOT EXISTS (SELECT FROM migrations.runs r WHERE r.migration_set_id = s.id)
        AND NOT EXISTS (SELECT FROM migrations.fleet_runs f WHERE f.migration_set_id = s.id)
      LIMIT ${setsMax} FOR UPDATE SKIP LOCKED`.execute(trx)
    const ids = rows.map(({ id }) => id)
    if (ids.length > 0) {
      await trx.deleteFrom('migration_files').where('migration_set_id', 'in', ids).execute()
      await trx.deleteFrom('migration_sets').where('id', 'in', ids).execute()
    }
    return ids.length
  })
}
