import { type Consumption, catalogErrors, type Service, type Strategy } from '@freehold/contracts-catalog'
import { type PageRequest, Problem, toPage } from '@freehold/service'
import type { z } from 'zod'
import type { ServiceRow, Store } from './schema.ts'

/** Returns what callers see of a service. */
export function toService(row: ServiceRow): Service {
  return {
    id: row.id,
    strategyVersion: row.strategy_version,
    configurationVersion: row.configuration_version,
    latestRelease: row.latest_release,
    registeredBy: row.registered_by,
    registeredAt: row.registered_at.toISOString(),
  }
}

/** Returns the service; throws the Problem serviceNotFound. */
export async function getService(store: Store, serviceId: string): Promise<ServiceRow> {
  const row = await store.selectFrom('services').selectAll().where('id', '=', serviceId).executeTakeFirst()
  return found(row, serviceId)
}

/**
 * Returns the service and holds its row until the transaction ends: changes of one service, and so their events, have
 * one order. Throws the Problem serviceNotFound.
 */
export async function lockService(trx: Store, serviceId: string): Promise<ServiceRow> {
  const row = await trx.selectFrom('services').selectAll().where('id', '=', serviceId).forUpdate().executeTakeFirst()
  return found(row, serviceId)
}

function found(row: ServiceRow | undefined, serviceId: string): ServiceRow {
  if (row === undefined) {
    throw new Problem(catalogErrors.serviceNotFound, { detail: `No service is called ${serviceId}.` })
  }
  return row
}

/** Lists services by name; only those named, where names are given. */
export async function listServices(store: Store, names: string[] | undefined, page: PageRequest) {
  let query = store
    .selectFrom('services')
    .selectAll()
    .orderBy('id')
    .limit(page.limit + 1)
  if (names !== undefined) {
    query = query.where('id', 'in', names.length === 0 ? [''] : names)
  }
  if (page.cursor !== undefined) {
    query = query.where('id', '>', page.cursor)
  }
  return toPage(await query.execute(), page.limit, ({ id }) => id, toService)
}

/** Puts down whom the service depends on, in place of what was there. */
export async function replaceConsumptions(trx: Store, serviceId: string, { api, events }: Strategy): Promise<void> {
  await trx.deleteFrom('consumptions').where('consumer_id', '=', serviceId).execute()
  const rows = [
    ...[...new Set(api.consumes)].map((name) => ({ consumer_id: serviceId, kind: 'api' as const, name })),
    ...[...new Set(events.consumes)].map((name) => ({ consumer_id: serviceId, kind: 'event' as const, name })),
  ]
  if (rows.length > 0) {
    await trx.insertInto('consumptions').values(rows).execute()
  }
}

/** Lists who depends on the service: callers of its API, and those who handle the types of events given. */
export async function listConsumers(
  store: Store,
  serviceId: string,
  eventTypes: string[],
): Promise<z.output<typeof Consumption>[]> {
  const rows = await store
    .selectFrom('consumptions')
    .selectAll()
    .where(({ or, and, eb }) =>
      or([
        and([eb('kind', '=', 'api'), eb('name', '=', serviceId)]),
        and([eb('kind', '=', 'event'), eb('name', 'in', eventTypes.length === 0 ? [''] : eventTypes)]),
      ]),
    )
    .orderBy('consumer_id')
    .orderBy('kind')
    .orderBy('name')
    .execute()
  return rows.map(({ consumer_id, kind, name }) => ({ consumer: consumer_id, kind, name }))
}
