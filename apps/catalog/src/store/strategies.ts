import { catalogErrors, type StrategyVersion } from '@freehold/contracts-catalog'
import { type PageRequest, Problem, parseNumberCursor, toPage } from '@freehold/service'
import type { Store, StrategyRow } from './schema.ts'

/** Returns what callers see of a version. */
export function toStrategyVersion(row: StrategyRow): StrategyVersion {
  return {
    serviceId: row.service_id,
    version: row.version,
    text: row.text,
    strategy: row.strategy,
    restoredFrom: row.restored_from,
    appliedBy: row.applied_by,
    appliedAt: row.applied_at.toISOString(),
  }
}

/** Returns the version; throws the Problem versionNotFound. */
export async function getStrategyVersion(store: Store, serviceId: string, version: number): Promise<StrategyRow> {
  const row = await store
    .selectFrom('strategy_versions')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (row === undefined) {
    throw new Problem(catalogErrors.versionNotFound, { detail: `${serviceId} has no strategy version ${version}.` })
  }
  return row
}

/** Lists the versions, newest first. */
export async function listStrategyVersions(store: Store, serviceId: string, page: PageRequest) {
  const before = parseNumberCursor(page.cursor)
  let query = store
    .selectFrom('strategy_versions')
    .select(['version', 'restored_from', 'applied_by', 'applied_at'])
    .where('service_id', '=', serviceId)
    .orderBy('version', 'desc')
    .limit(page.limit + 1)
  if (before !== undefined) {
    query = query.where('version', '<', before)
  }
  return toPage(
    await query.execute(),
    page.limit,
    ({ version }) => String(version),
    (row) => ({
      version: row.version,
      restoredFrom: row.restored_from,
      by: row.applied_by,
      at: row.applied_at.toISOString(),
    }),
  )
}
