import type { Instance } from '@freehold/contracts-catalog'
import type { InstanceRow, Store } from './schema.ts'

/** Returns what callers see of an instance. */
export function toInstance(row: InstanceRow): Instance {
  return {
    serviceId: row.service_id,
    instanceId: row.instance_id,
    version: row.version,
    address: row.address,
    registeredAt: row.registered_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/** Lists the instances that have not expired. */
export async function listInstances(store: Store, serviceId: string, now: Date): Promise<Instance[]> {
  const rows = await store
    .selectFrom('instances')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('expires_at', '>', now)
    .orderBy('instance_id')
    .execute()
  return rows.map(toInstance)
}

/** Returns the instance and holds its row; undefined when it is not there. */
export async function lockInstance(
  trx: Store,
  serviceId: string,
  instanceId: string,
): Promise<InstanceRow | undefined> {
  return await trx
    .selectFrom('instances')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('instance_id', '=', instanceId)
    .forUpdate()
    .executeTakeFirst()
}

/** Takes out instances that expired, those that another transaction holds left out; returns them. */
export async function takeExpired(trx: Store, now: Date, rowsMax: number): Promise<InstanceRow[]> {
  const expired = await trx
    .selectFrom('instances')
    .selectAll()
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(rowsMax)
    .forUpdate()
    .skipLocked()
    .execute()
  for (const { service_id, instance_id } of expired) {
    await trx
      .deleteFrom('instances')
      .where('service_id', '=', service_id)
      .where('instance_id', '=', instance_id)
      .execute()
  }
  return expired
}
