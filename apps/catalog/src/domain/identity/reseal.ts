import { firstKeyName, openSealed, type SealingKeys, seal } from '@freehold/service'
import { sql } from 'kysely'
import { recordAudit } from '../../store/audit.ts'
import type { Store } from '../../store/schema.ts'
import { secretOwner } from '../configuration/change-configuration.ts'
import { keyOwner } from './signing-keys.ts'

const batchRowsDefault = 100

/**
 * Seals whatever an older key sealed with the first one, so that the older can be forgotten; returns how many. It goes by
 * short transactions, and leaves rows that another holds for the next time.
 */
export async function resealAll(store: Store, keys: SealingKeys, batchRows = batchRowsDefault): Promise<number> {
  let resealed = 0
  for (;;) {
    const batch = await resealBatch(store, keys, batchRows)
    resealed += batch
    if (batch === 0) {
      return resealed
    }
  }
}

async function resealBatch(store: Store, keys: SealingKeys, batchRows: number): Promise<number> {
  const key = firstKeyName(keys)
  const isOlder = sql<boolean>`NOT starts_with(sealed, ${`${key}.`})`
  return await store.transaction().execute(async (trx) => {
    const secrets = await trx
      .selectFrom('secrets')
      .select(['id', 'service_id', 'sealed'])
      .where(isOlder)
      .limit(batchRows)
      .forUpdate()
      .skipLocked()
      .execute()
    for (const { id, service_id, sealed } of secrets) {
      const owner = secretOwner(service_id, id)
      const again = seal(keys, owner, openSealed(keys, owner, sealed))
      await trx.updateTable('secrets').set({ sealed: again }).where('id', '=', id).execute()
    }
    const signing = await trx
      .selectFrom('signing_keys')
      .select(['kid', 'sealed'])
      .where(isOlder)
      .limit(batchRows)
      .forUpdate()
      .skipLocked()
      .execute()
    for (const { kid, sealed } of signing) {
      const again = seal(keys, keyOwner(kid), openSealed(keys, keyOwner(kid), sealed))
      await trx.updateTable('signing_keys').set({ sealed: again }).where('kid', '=', kid).execute()
    }
    const resealed = secrets.length + signing.length
    if (resealed > 0) {
      const after = { resealed, key }
      await recordAudit(trx, { actor: 'catalog', action: 'secrets.resealed', subject: 'secrets', after })
    }
    return resealed
  })
}
