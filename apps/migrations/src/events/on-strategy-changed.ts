import { catalogEvents } from '@freehold/contracts-catalog'
import { type EventHandler, on } from '@freehold/service/events'
import { serviceName } from '../store/open-store.ts'
import { changeSettings, keepPolicy, toSettings } from '../store/policies.ts'
import type { Store, Tables } from '../store/schema.ts'

/** Takes the section `migrate` of a service's strategies over for all of its databases, and for those to come. */
export const onStrategyChanged: EventHandler = on<typeof catalogEvents.strategyChanged.data, Tables>(
  catalogEvents.strategyChanged,
  async (transaction, { serviceId, version, strategy }) => {
    const trx: Store = transaction.withSchema(serviceName)
    const { windows, approval, maxLockMs, driftIntervalMs } = strategy.migrate
    const policy = toSettings({ windows, approval, maxLockMs, driftIntervalMs })
    if (!(await keepPolicy(trx, serviceId, version, policy))) {
      return
    }
    const databases = await trx
      .selectFrom('databases')
      .select('id')
      .where('service', '=', serviceId)
      .where('removed_at', 'is', null)
      .orderBy('id')
      .execute()
    for (const { id } of databases) {
      await changeSettings(trx, id, policy)
    }
  },
)
