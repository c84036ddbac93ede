import {
  type ContractFinding,
  catalogErrors,
  catalogEvents,
  type MigrationChecksum,
  type Release,
  type ReleaseRegistration,
} from '@freehold/contracts-catalog'
import { Problem } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import type { z } from 'zod'
import { recordAudit } from '../../store/audit.ts'
import { findRelease, insertRelease, readChecksums, toRelease } from '../../store/releases.ts'
import type { Store } from '../../store/schema.ts'
import { lockService } from '../../store/services.ts'
import { getStrategyVersion } from '../../store/strategies.ts'
import { checkContracts, digestOf, requireReadable } from './check-contracts.ts'
import { compareVersions } from './versions.ts'

type Registration = z.output<typeof ReleaseRegistration>

/** Registers a release that never changes again. The same one once more is answered as it is; another is refused. */
export async function registerRelease(
  store: Store,
  actor: string,
  serviceId: string,
  registration: Registration,
): Promise<{ release: Release; isNew: boolean }> {
  const { version, revision, artefact, contracts, migrations } = registration
  requireReadable(contracts)
  const entries = contracts
    .map(({ kind, name, document }) => ({ kind, name, digest: digestOf(document) }))
    .sort((left, right) => (`${left.kind} ${left.name}` < `${right.kind} ${right.name}` ? -1 : 1))
  const digest = digestOf({ version, revision, artefact, contracts: entries, migrations })
  return await store.transaction().execute(async (trx) => {
    const service = await lockService(trx, serviceId)
    const existing = await findRelease(trx, serviceId, version)
    if (existing !== undefined) {
      return { release: refuseOther(toRelease(existing), digest), isNew: false }
    }
    const { strategy } = await getStrategyVersion(trx, serviceId, service.strategy_version)
    const check = await checkContracts(trx, serviceId, version, contracts, strategy.events.compatibility)
    refuseBreaking(check.refused)
    await keepChecksums(trx, serviceId, version, migrations)
    const row = await insertRelease(
      trx,
      {
        ...{ service_id: serviceId, version, revision, artefact, digest, migrations },
        contracts: entries,
        findings: check.findings,
        registered_by: actor,
      },
      contracts,
    )
    const latest = service.latest_release
    if (latest === null || compareVersions(version, latest) > 0) {
      await trx.updateTable('services').set({ latest_release: version }).where('id', '=', serviceId).execute()
    }
    const release = toRelease(row)
    await publishEvent(trx, catalogEvents.releaseRegistered, serviceId, release)
    const subject = `services/${serviceId}/releases/${version}`
    await recordAudit(trx, { actor, action: 'release.registered', serviceId, subject, after: release })
    return { release, isNew: true }
  })
}

function refuseOther(existing: Release, digest: string): Release {
  if (existing.digest === digest) {
    return existing
  }
  const detail = `Release ${existing.version} of ${existing.serviceId} has the digest ${existing.digest}, this one ${digest}.`
  throw new Problem(catalogErrors.releaseExists, { detail })
}

function refuseBreaking(findings: ContractFinding[]): void {
  const [first] = findings
  if (first === undefined) {
    return
  }
  const errors = findings
    .slice(0, 50)
    .map(({ contract, pointer, rule, why }) => ({ pointer, detail: `${contract}: ${rule}: ${why}` }))
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : ''
  const detail = `Against ${first.against}, ${first.contract} at ${first.pointer}: ${first.why}${more}.`
  throw new Problem(catalogErrors.contractBreaking, { detail, errors })
}

/** A migration that databases may have run already cannot become another one under the same name. */
async function keepChecksums(
  trx: Store,
  serviceId: string,
  version: string,
  migrations: z.output<typeof MigrationChecksum>[],
): Promise<void> {
  const known = new Map((await readChecksums(trx, serviceId)).map((row) => [row.migration_id, row]))
  const changed = migrations.filter(({ id, checksum }) => (known.get(id)?.checksum ?? checksum) !== checksum)
  if (changed.length > 0) {
    const errors = changed.slice(0, 50).map(({ id }) => ({
      pointer: '/body/migrations',
      detail: `${id} has another checksum in release ${known.get(id)?.version}`,
    }))
    throw new Problem(catalogErrors.migrationChanged, { detail: errors[0]?.detail, errors })
  }
  const fresh = new Map(migrations.filter(({ id }) => !known.has(id)).map(({ id, checksum }) => [id, checksum]))
  if (fresh.size > 0) {
    const rows = [...fresh].map(([id, checksum]) => ({ service_id: serviceId, migration_id: id, checksum, version }))
    await trx.insertInto('release_migrations').values(rows).execute()
  }
}
