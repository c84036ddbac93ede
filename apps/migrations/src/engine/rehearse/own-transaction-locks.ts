import type { Node } from '@pgsql/types'
import type { LockMode } from '../plan/step.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'

/**
 * Returns the strongest mode that a statement with transactions of its own takes on the tables that it names, by the
 * manual's chapter on explicit locking; undefined where it locks none of the user's tables by name.
 */
export function lockModeByRule(node: Node): LockMode | undefined {
  switch (kindOf(node)) {
    case 'IndexStmt':
    case 'DropStmt':
    case 'AlterTableStmt':
      return 'ShareUpdateExclusiveLock'
    case 'ReindexStmt':
      return hasOption(node, 'ReindexStmt', 'concurrently') ? 'ShareUpdateExclusiveLock' : 'ShareLock'
    case 'VacuumStmt':
      return hasOption(node, 'VacuumStmt', 'full') ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock'
    default:
      return undefined
  }
}

function hasOption(node: Node, kind: string, option: string): boolean {
  const options = bodyOf<{ params?: Node[]; options?: Node[] }>(node, kind)
  return [...(options?.params ?? []), ...(options?.options ?? [])].some(
    (element) => bodyOf<{ defname?: string }>(element, 'DefElem')?.defname?.toLowerCase() === option,
  )
}
