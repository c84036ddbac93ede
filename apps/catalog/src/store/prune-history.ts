import { sql } from 'kysely'
import type { Store } from './schema.ts'

/** Versions of a service's strategies, and of its configuration, that one can go back to. */
const versionsMax = 1000
/** How long a key that opens nothing any more is still listed. */
const endedKeyDays = 90
const rowsMax = 1000

/**
 * Removes versions beyond the latest thousand of a service, secrets that are in none that is left, and keys that ended
 * long ago. The audit log still tells of all of them. Returns whether there may be more.
 */
export async function pruneHistory(store: Store): Promise<boolean> {
  const strategies = await sql`
    DELETE FROM catalog.strategy_versions WHERE (service_id, version) IN (
      SELECT v.service_id, v.version FROM catalog.services s JOIN catalog.strategy_versions v ON v.service_id = s.id
      WHERE v.version <= s.strategy_version - ${versionsMax} LIMIT ${rowsMax})`.execute(store)
  const configurations = await pruneConfigurations(store)
  // The one of BOOTSTRAP_API_KEY, which the catalog itself made, is known for ever: it would come back otherwise.
  const keys = await sql`
    DELETE FROM catalog.api_keys WHERE id IN (
      SELECT id FROM catalog.api_keys
      WHERE created_by <> 'catalog' AND least(revoked_at, expires_at) < now() - make_interval(days => ${endedKeyDays})
      LIMIT ${rowsMax})`.execute(store)
  return [strategies.numAffectedRows, keys.numAffectedRows, configurations].some((rows) => Number(rows) === rowsMax)
}

/** Returns how many versions it has removed. */
async function pruneConfigurations(store: Store): Promise<number> {
  return await store.transaction().execute(async (trx) => {
    const { rows } = await sql<{ service_id: string }>`
      DELETE FROM catalog.configuration_versions WHERE (service_id, version) IN (
        SELECT v.service_id, v.version FROM catalog.services s JOIN catalog.configuration_versions v ON v.service_id = s.id
        WHERE v.version <= s.configuration_version - ${versionsMax} LIMIT ${rowsMax})
      RETURNING service_id`.execute(trx)
    const serviceIds = [...new Set(rows.map(({ service_id }) => service_id))]
    // Whoever adds a secret holds the service's row, and enters the version with it before that is let go.
    await sql`SELECT FROM catalog.services WHERE id = ANY (${serviceIds}::text[]) ORDER BY id FOR UPDATE`.execute(trx)
    await sql`
      DELETE FROM catalog.secrets WHERE service_id = ANY (${serviceIds}::text[]) AND NOT EXISTS (
        SELECT FROM catalog.configuration_versions v
        WHERE v.service_id = secrets.service_id AND v.secret_ids ->> secrets.name = secrets.id::text)`.execute(trx)
    return rows.length
  })
}
