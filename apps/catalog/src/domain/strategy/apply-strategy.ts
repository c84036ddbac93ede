import { isDeepStrictEqual } from 'node:util'
import { baseProblems, type Caller } from '@freehold/contracts-base'
import {
  catalogErrors,
  catalogEvents,
  type Service,
  type Strategy,
  type StrategyVersion,
} from '@freehold/contracts-catalog'
import { sqlstateOf, sqlstates } from '@freehold/postgres'
import { hasRole, Problem } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import { recordAudit } from '../../store/audit.ts'
import { getConfigurationVersion } from '../../store/configurations.ts'
import type { ServiceRow, Store } from '../../store/schema.ts'
import { lockService, replaceConsumptions, toService } from '../../store/services.ts'
import { getStrategyVersion, toStrategyVersion } from '../../store/strategies.ts'
import { writeConfiguration } from '../configuration/change-configuration.ts'
import { requireVersion } from '../require-version.ts'
import { readStrategy } from './read-strategy.ts'

/** Makes a service known, with the strategies of its file. */
export async function registerService(store: Store, actor: string, serviceId: string, text: string): Promise<Service> {
  const strategy = readFor(serviceId, text)
  try {
    return await store.transaction().execute(async (trx) => {
      const service = await trx
        .insertInto('services')
        .values({
          id: serviceId,
          strategy_version: 0,
          configuration_version: 0,
          registered_by: actor,
          latest_release: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      const registered = toService({ ...service, strategy_version: 1, configuration_version: 1 })
      await publishEvent(trx, catalogEvents.serviceRegistered, serviceId, registered)
      await writeStrategy(trx, { actor, action: 'service.registered', service, text, strategy })
      return registered
    })
  } catch (error) {
    if (sqlstateOf(error) === sqlstates.uniqueViolation) {
      const detail = `The service ${serviceId} is known already.`
      throw new Problem(catalogErrors.serviceExists, { detail, cause: error })
    }
    throw error
  }
}

/**
 * Applies a file to a service that is known; the same text again changes nothing. Throws the Problem roleMissing when the
 * file changes how the service is migrated, and the caller is no owner of it.
 */
export async function applyStrategy(
  store: Store,
  caller: Caller,
  serviceId: string,
  { text, ifVersion }: { text: string; ifVersion?: number | undefined },
): Promise<StrategyVersion> {
  const strategy = readFor(serviceId, text)
  return await store.transaction().execute(async (trx) => {
    const service = await lockService(trx, serviceId)
    requireVersion(service.strategy_version, ifVersion)
    const current = await getStrategyVersion(trx, serviceId, service.strategy_version)
    if (current.text === text) {
      return toStrategyVersion(current)
    }
    requireMayMigrateSo(caller, serviceId, current.strategy, strategy)
    return await writeStrategy(trx, { actor: caller.subject, action: 'strategy.applied', service, text, strategy })
  })
}

/** Puts an earlier version back, as a new one. It is read again: a later version of Freehold may refuse it. */
export async function restoreStrategy(
  store: Store,
  caller: Caller,
  serviceId: string,
  { version, ifVersion }: { version: number; ifVersion?: number | undefined },
): Promise<StrategyVersion> {
  return await store.transaction().execute(async (trx) => {
    const service = await lockService(trx, serviceId)
    requireVersion(service.strategy_version, ifVersion)
    const { text } = await getStrategyVersion(trx, serviceId, version)
    const strategy = readFor(serviceId, text)
    const current = await getStrategyVersion(trx, serviceId, service.strategy_version)
    requireMayMigrateSo(caller, serviceId, current.strategy, strategy)
    return await writeStrategy(trx, {
      actor: caller.subject,
      action: 'strategy.restored',
      service,
      text,
      strategy,
      restoredFrom: version,
    })
  })
}

/** Who may apply a file could else lift the approvals and limits that an owner set, a service's own key among them. */
function requireMayMigrateSo(caller: Caller, serviceId: string, current: Strategy, next: Strategy): void {
  if (!isDeepStrictEqual(next.migrate, current.migrate) && !hasRole(caller, 'owner', serviceId)) {
    const detail = `The file changes the section migrate, which needs the role owner on ${serviceId}.`
    throw new Problem(baseProblems.roleMissing, { detail })
  }
}

/** Returns the strategies of the text; throws the Problems strategyInvalid and strategyOfAnother. */
function readFor(serviceId: string, text: string): Strategy {
  const read = readStrategy(text)
  if (read.outcome === 'faulty') {
    const errors = read.faults.map(({ line, column, detail }) => ({
      pointer: '/body/text',
      detail: `line ${line}, column ${column}: ${detail}`,
    }))
    throw new Problem(catalogErrors.strategyInvalid, { detail: errors[0]?.detail, errors })
  }
  const { name } = read.file
  if (name !== undefined && name !== serviceId) {
    const detail = `The file is that of ${name}, not of ${serviceId}.`
    throw new Problem(catalogErrors.strategyOfAnother, { detail })
  }
  return read.strategy
}

interface StrategyWrite {
  actor: string
  action: string
  service: ServiceRow
  text: string
  strategy: Strategy
  restoredFrom?: number
}

/** Writes a version, and what follows from it: whom the service depends on, and its configuration. */
async function writeStrategy(trx: Store, write: StrategyWrite): Promise<StrategyVersion> {
  const { actor, action, service, text, strategy, restoredFrom } = write
  const before =
    service.strategy_version === 0 ? undefined : await getStrategyVersion(trx, service.id, service.strategy_version)
  const row = await trx
    .insertInto('strategy_versions')
    .values({
      service_id: service.id,
      version: service.strategy_version + 1,
      text,
      strategy: JSON.stringify(strategy),
      restored_from: restoredFrom ?? null,
      applied_by: actor,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await trx.updateTable('services').set({ strategy_version: row.version }).where('id', '=', service.id).execute()
  await replaceConsumptions(trx, service.id, strategy)
  const version = toStrategyVersion(row)
  await publishEvent(trx, catalogEvents.strategyChanged, service.id, version)
  await writeConfigurationOf(trx, write)
  await recordAudit(trx, {
    actor,
    action,
    serviceId: service.id,
    subject: `services/${service.id}/strategy`,
    before: before === undefined ? null : { version: before.version, strategy: before.strategy },
    after: { version: row.version, restoredFrom: row.restored_from, strategy },
  })
  return version
}

async function writeConfigurationOf(trx: Store, { actor, service, strategy }: StrategyWrite): Promise<void> {
  const current =
    service.configuration_version === 0
      ? undefined
      : await getConfigurationVersion(trx, service.id, service.configuration_version)
  await writeConfiguration(trx, {
    actor,
    action: 'configuration.changed',
    service,
    current,
    layers: {
      schema: strategy.config.schema,
      file_values: strategy.config.values,
      set_values: current?.set_values ?? {},
      secret_ids: current?.secret_ids ?? {},
    },
  })
}
