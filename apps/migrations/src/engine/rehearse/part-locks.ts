import type { Node } from '@pgsql/types'
import type { RelationLock } from '../plan/step.ts'
import { alterCommand, rangeVarsOf } from '../plan/syntax.ts'
import type { Moment } from './observe.ts'

// These lock tables that they do not name: the other side of a foreign key.
const reachesFurther = new Set([
  'AT_DropConstraint',
  'AT_ValidateConstraint',
  'AT_DropColumn',
  'AT_AlterColumnType',
  'AT_AttachPartition',
  'AT_DetachPartition',
])

/**
 * Returns the locks that one part of an ALTER TABLE takes, of all that are held at its end. A mode that an earlier part
 * holds already does not show again, so locks on what the part names are kept, and of the others those that are new.
 */
export function narrowToPart(node: Node, held: RelationLock[], before: Moment, after: Moment): RelationLock[] {
  if (reachesFurther.has(alterCommand(node)?.command.subtype ?? '')) {
    return held
  }
  const named = new Set(rangeVarsOf(node).map((name) => name.relname))
  const earlier = new Set(before.locks.map(([oid, mode]) => `${oid} ${mode}`))
  const grown = new Set(
    after.locks
      .filter(([oid, mode]) => !earlier.has(`${oid} ${mode}`))
      .map(([oid]) => before.relations.get(oid))
      .map((relation) => `${relation?.schema}\0${relation?.name}`),
  )
  return held.filter((lock) => named.has(lock.name) || grown.has(`${lock.schema}\0${lock.name}`))
}
