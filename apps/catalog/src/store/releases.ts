import { type Contract, catalogErrors, type Release } from '@freehold/contracts-catalog'
import { type PageRequest, Problem, parseNumberCursor, toPage } from '@freehold/service'
import type { ReleaseRow, Store } from './schema.ts'

/** Returns what callers see of a release. */
export function toRelease(row: ReleaseRow): Release {
  return {
    serviceId: row.service_id,
    version: row.version,
    revision: row.revision,
    artefact: row.artefact,
    digest: row.digest,
    contracts: row.contracts,
    migrations: row.migrations,
    findings: row.findings,
    registeredBy: row.registered_by,
    registeredAt: row.registered_at.toISOString(),
  }
}

/** Returns the release, undefined when there is none of this version. */
export async function findRelease(store: Store, serviceId: string, version: string): Promise<ReleaseRow | undefined> {
  return await store
    .selectFrom('releases')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .executeTakeFirst()
}

/** Returns the release; throws the Problem releaseNotFound. */
export async function getRelease(store: Store, serviceId: string, version: string): Promise<ReleaseRow> {
  const row = await findRelease(store, serviceId, version)
  if (row === undefined) {
    throw new Problem(catalogErrors.releaseNotFound, { detail: `${serviceId} has no release ${version}.` })
  }
  return row
}

/** Lists releases, newest first. */
export async function listReleases(store: Store, serviceId: string, page: PageRequest) {
  const before = parseNumberCursor(page.cursor)
  let query = store
    .selectFrom('releases')
    .selectAll()
    .where('service_id', '=', serviceId)
    .orderBy('position', 'desc')
    .limit(page.limit + 1)
  if (before !== undefined) {
    query = query.where('position', '<', String(before))
  }
  return toPage(await query.execute(), page.limit, ({ position }) => position, toRelease)
}

/** Returns the versions of all releases of a service with the contracts they have. */
export async function listReleasedContracts(store: Store, serviceId: string) {
  return await store
    .selectFrom('releases')
    .select(['version', 'contracts'])
    .where('service_id', '=', serviceId)
    .execute()
}

/** Returns the document of a release's contract; throws the Problem contractNotFound. */
export async function getContractDocument(
  store: Store,
  serviceId: string,
  version: string,
  { kind, name }: Pick<Contract, 'kind' | 'name'>,
): Promise<Record<string, unknown>> {
  const row = await store
    .selectFrom('release_contracts')
    .select('document')
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) {
    const detail = `Release ${version} of ${serviceId} has no contract ${kind} ${name}.`
    throw new Problem(catalogErrors.contractNotFound, { detail })
  }
  return row.document
}

/** Enters a release and the documents of its contracts. */
export async function insertRelease(
  trx: Store,
  row: Omit<ReleaseRow, 'position' | 'registered_at'>,
  contracts: Contract[],
): Promise<ReleaseRow> {
  const inserted = await trx
    .insertInto('releases')
    .values({
      ...row,
      contracts: JSON.stringify(row.contracts),
      migrations: JSON.stringify(row.migrations),
      findings: JSON.stringify(row.findings),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  for (const { kind, name, document } of contracts) {
    await trx
      .insertInto('release_contracts')
      .values({ service_id: row.service_id, version: row.version, kind, name, document: JSON.stringify(document) })
      .execute()
  }
  return inserted
}

/** Returns the checksums under which migrations of the service were released. */
export async function readChecksums(store: Store, serviceId: string) {
  return await store.selectFrom('release_migrations').selectAll().where('service_id', '=', serviceId).execute()
}
