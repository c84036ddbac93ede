import type { Node } from '@pgsql/types'
import type { LockMode } from '../plan/step.ts'
import { alterCommand, bodyOf, kindOf } from '../plan/syntax.ts'
import type { RelationName } from './observation.ts'

/**
 * Returns the strongest mode that a statement with transactions of its own takes on a table that it names, as the manual
 * has it; undefined where it locks none of the user's tables by name.
 */
export function lockModeByRule(node: Node, relation: RelationName): LockMode | undefined {
  switch (kindOf(node)) {
    case 'IndexStmt':
    case 'DropStmt':
      return 'ShareUpdateExclusiveLock'
    case 'AlterTableStmt':
      // DETACH PARTITION … CONCURRENTLY: at its end the partition, and it alone, is locked against everybody.
      return relation.name === partitionOf(node) ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock'
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

function partitionOf(node: Node): string | undefined {
  return bodyOf<{ name?: { relname?: string } }>(alterCommand(node)?.command.def, 'PartitionCmd')?.name?.relname
}
