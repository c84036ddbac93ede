import { catalogErrors, catalogEvents, type Instance, type InstanceReport } from '@freehold/contracts-catalog'
import { Problem } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import type { z } from 'zod'
import { recordAudit } from '../../store/audit.ts'
import { lockInstance, takeExpired, toInstance } from '../../store/instances.ts'
import type { InstanceRow, Store } from '../../store/schema.ts'
import { getService } from '../../store/services.ts'

/** Enters an instance or renews its life. Only what others have to know is an event: that it runs, and which version. */
export async function reportInstance(
  store: Store,
  actor: string,
  place: { serviceId: string; instanceId: string },
  report: z.output<typeof InstanceReport>,
  now = new Date(),
): Promise<Instance> {
  const { serviceId, instanceId } = place
  const { version, lifetimeMs } = report
  const address = report.address ?? null
  return await store.transaction().execute(async (trx) => {
    await getService(trx, serviceId)
    const before = await lockInstance(trx, serviceId, instanceId)
    const life = { version, address, last_seen_at: now, expires_at: new Date(now.getTime() + lifetimeMs) }
    const row = await trx
      .insertInto('instances')
      .values({ service_id: serviceId, instance_id: instanceId, ...life })
      .onConflict((conflict) => conflict.columns(['service_id', 'instance_id']).doUpdateSet(life))
      .returningAll()
      .executeTakeFirstOrThrow()
    const instance = toInstance(row)
    if (before === undefined || before.version !== version || before.address !== address) {
      await publishEvent(trx, catalogEvents.instanceRegistered, serviceId, instance)
      await audit(trx, actor, 'instance.registered', before, row)
    }
    return instance
  })
}

/** Takes out an instance that says it has ended. */
export async function removeInstance(
  store: Store,
  actor: string,
  { serviceId, instanceId }: { serviceId: string; instanceId: string },
): Promise<void> {
  await store.transaction().execute(async (trx) => {
    await getService(trx, serviceId)
    const row = await trx
      .deleteFrom('instances')
      .where('service_id', '=', serviceId)
      .where('instance_id', '=', instanceId)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) {
      throw new Problem(catalogErrors.instanceNotFound, { detail: `${serviceId} has no instance ${instanceId}.` })
    }
    await publishEvent(trx, catalogEvents.instanceRemoved, serviceId, toInstance(row))
    await audit(trx, actor, 'instance.removed', row, undefined)
  })
}

const expiredRowsMax = 100

/** Takes out instances that were not heard of for as long as they said; returns how many. */
export async function expireInstances(store: Store, now = new Date()): Promise<number> {
  return await store.transaction().execute(async (trx) => {
    const expired = await takeExpired(trx, now, expiredRowsMax)
    for (const row of expired) {
      await publishEvent(trx, catalogEvents.instanceExpired, row.service_id, toInstance(row))
      await audit(trx, 'catalog', 'instance.expired', row, undefined)
    }
    return expired.length
  })
}

async function audit(
  trx: Store,
  actor: string,
  action: string,
  before: InstanceRow | undefined,
  after: InstanceRow | undefined,
): Promise<void> {
  const row = after ?? before
  await recordAudit(trx, {
    actor,
    action,
    serviceId: row?.service_id ?? '',
    subject: `services/${row?.service_id}/instances/${row?.instance_id}`,
    before: before === undefined ? null : toInstance(before),
    after: after === undefined ? null : toInstance(after),
  })
}
