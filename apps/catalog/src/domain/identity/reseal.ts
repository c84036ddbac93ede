import { recordAudit } from '../../store/audit.ts'
import type { Store } from '../../store/schema.ts'
import { secretOwner } from '../configuration/change-configuration.ts'
import { isSealedWithFirst, open, type SealingKeys, seal } from './seal.ts'
import { keyOwner } from './signing-keys.ts'

/** Seals whatever an older key sealed with the first one, so that the older can be forgotten; returns how many. */
export async function resealAll(store: Store, keys: SealingKeys): Promise<number> {
  return await store.transaction().execute(async (trx) => {
    const secrets = await trx.selectFrom('secrets').select(['id', 'service_id', 'sealed']).forUpdate().execute()
    const signing = await trx.selectFrom('signing_keys').select(['kid', 'sealed']).forUpdate().execute()
    let resealed = 0
    for (const { id, service_id, sealed } of secrets.filter((row) => !isSealedWithFirst(keys, row.sealed))) {
      const owner = secretOwner(service_id, id)
      const again = seal(keys, owner, open(keys, owner, sealed))
      await trx.updateTable('secrets').set({ sealed: again }).where('id', '=', id).execute()
      resealed += 1
    }
    for (const { kid, sealed } of signing.filter((row) => !isSealedWithFirst(keys, row.sealed))) {
      const again = seal(keys, keyOwner(kid), open(keys, keyOwner(kid), sealed))
      await trx.updateTable('signing_keys').set({ sealed: again }).where('kid', '=', kid).execute()
      resealed += 1
    }
    if (resealed > 0) {
      const after = { resealed, key: [...keys.keys()][0] }
      await recordAudit(trx, { actor: 'catalog', action: 'secrets.resealed', subject: 'secrets', after })
    }
    return resealed
  })
}
