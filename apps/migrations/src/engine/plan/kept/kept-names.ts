/** Names of what is set aside in schema freehold: unique to the migration, and still telling what it was. */
import { createHash } from 'node:crypto'
import { shortenIdentifier } from '@freehold/postgres'
import type { RelationName } from '../../rehearse/observation.ts'

/** Schema of Freehold's own objects in the target database. */
export const keptSchema = 'freehold'

/** Returns the hidden name of an object that the migration removes. */
export function keptName(migrationId: string, object: RelationName, prefix = 'kept'): RelationName {
  const hash = createHash('sha256')
    .update(`${migrationId}\0${object.schema}\0${object.name}`)
    .digest('hex')
    .slice(0, 10)
  return { schema: keptSchema, name: shortenIdentifier(`${prefix}_${hash}_${object.name}`) }
}
