import type { Node } from '@pgsql/types'
import { bodyOf, kindOf } from '../plan/syntax.ts'

const serverWideKinds = new Set([
  'AlterDatabaseRefreshCollStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseStmt',
  'AlterRoleSetStmt',
  'AlterRoleStmt',
  'AlterSubscriptionStmt',
  'AlterSystemStmt',
  'AlterTableSpaceOptionsStmt',
  'CreateRoleStmt',
  'CreateSubscriptionStmt',
  'CreateTableSpaceStmt',
  'CreatedbStmt',
  'DropRoleStmt',
  'DropSubscriptionStmt',
  'DropTableSpaceStmt',
  'DropdbStmt',
  'GrantRoleStmt',
  'ReassignOwnedStmt',
])

const serverWideObjects = new Set(['OBJECT_DATABASE', 'OBJECT_ROLE', 'OBJECT_TABLESPACE', 'OBJECT_SUBSCRIPTION'])

/**
 * Tells whether the statement reaches beyond its database: to roles, other databases, the server's settings, its files
 * or programs. A shadow shares those with its server, so such a statement must not be run there.
 */
export function isServerWide(node: Node): boolean {
  const kind = kindOf(node)
  if (serverWideKinds.has(kind)) {
    return true
  }
  const fields = bodyOf<Record<string, unknown>>(node, kind) ?? {}
  switch (kind) {
    case 'CopyStmt':
      return fields['filename'] !== undefined || fields['is_program'] === true
    case 'CommentStmt':
    case 'SecLabelStmt':
    case 'GrantStmt':
      return serverWideObjects.has(String(fields['objtype']))
    case 'AlterOwnerStmt':
      return serverWideObjects.has(String(fields['objectType']))
    case 'RenameStmt':
      return serverWideObjects.has(String(fields['renameType']))
    default:
      return false
  }
}
