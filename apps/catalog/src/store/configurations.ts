import { catalogErrors } from '@freehold/contracts-catalog'
import { type PageRequest, Problem, parseNumberCursor, toPage } from '@freehold/service'
import type { ConfigurationRow, Store } from './schema.ts'

/** Returns the version; throws the Problem versionNotFound. */
export async function getConfigurationVersion(
  store: Store,
  serviceId: string,
  version: number,
): Promise<ConfigurationRow> {
  const row = await store
    .selectFrom('configuration_versions')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (row === undefined) {
    const detail = `${serviceId} has no configuration version ${version}.`
    throw new Problem(catalogErrors.versionNotFound, { detail })
  }
  return row
}

/** Enters a version. */
export async function insertConfigurationVersion(
  trx: Store,
  row: Omit<ConfigurationRow, 'changed_at'>,
): Promise<ConfigurationRow> {
  return await trx
    .insertInto('configuration_versions')
    .values({
      ...row,
      schema: JSON.stringify(row.schema),
      file_values: JSON.stringify(row.file_values),
      set_values: JSON.stringify(row.set_values),
      secret_ids: JSON.stringify(row.secret_ids),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Lists the versions, newest first. */
export async function listConfigurationVersions(store: Store, serviceId: string, page: PageRequest) {
  const before = parseNumberCursor(page.cursor)
  let query = store
    .selectFrom('configuration_versions')
    .select(['version', 'restored_from', 'changed_by', 'changed_at'])
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
      by: row.changed_by,
      at: row.changed_at.toISOString(),
    }),
  )
}

/** Returns the current version of each of the services. */
export async function readCurrentVersions(store: Store, serviceIds: string[]): Promise<Map<string, number>> {
  const rows = await store
    .selectFrom('services')
    .select(['id', 'configuration_version'])
    .where('id', 'in', serviceIds)
    .execute()
  return new Map(rows.map(({ id, configuration_version: version }) => [id, version]))
}

/** Returns the sealed values of secrets by their ids. */
export async function readSecrets(store: Store, ids: string[]): Promise<Map<string, string>> {
  const rows =
    ids.length === 0 ? [] : await store.selectFrom('secrets').select(['id', 'sealed']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, sealed }) => [id, sealed]))
}
