/** What is known of a statement by its kind alone. */
import type { Node } from '@pgsql/types'
import { alterCommand, bodyOf, kindOf } from './syntax.ts'

/** Tells whether the statement runs transactions of its own, so that it can be neither observed nor wrapped. */
export function isOwnTransaction(node: Node): boolean {
  switch (kindOf(node)) {
    case 'IndexStmt':
      return bodyOf<{ concurrent?: boolean }>(node, 'IndexStmt')?.concurrent === true
    case 'DropStmt':
      return bodyOf<{ concurrent?: boolean }>(node, 'DropStmt')?.concurrent === true
    case 'ReindexStmt':
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
    case 'AlterSystemStmt':
      return true
    case 'VacuumStmt':
      return bodyOf<{ is_vacuumcmd?: boolean }>(node, 'VacuumStmt')?.is_vacuumcmd === true
    case 'AlterTableStmt': {
      const partition = bodyOf<{ concurrent?: boolean }>(alterCommand(node)?.command.def as Node, 'PartitionCmd')
      return partition?.concurrent === true
    }
    default:
      return false
  }
}

const dataKinds = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'])

/** Tells whether the statement changes rows and nothing else. */
export function isDataStatement(node: Node): boolean {
  return dataKinds.has(kindOf(node))
}

/** Code whose effect the text does not tell: it is judged by what the rehearsal saw. */
export function isOpaque(node: Node): boolean {
  const kind = kindOf(node)
  return kind === 'DoStmt' || kind === 'CallStmt' || kind === 'SelectStmt' || kind === 'ExecuteStmt'
}

const knownCommands = new Set([
  'AT_AddColumn',
  'AT_DropColumn',
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_AddConstraint',
  'AT_DropConstraint',
  'AT_ValidateConstraint',
  'AT_AlterColumnType',
])

/** Tells whether only a comparison of the catalogs before and after says how the statement is taken back. */
export function needsCatalogDifference(node: Node): boolean {
  switch (kindOf(node)) {
    case 'AlterTableStmt':
      return !knownCommands.has(alterCommand(node)?.command.subtype ?? '')
    case 'CreateStmt':
    case 'IndexStmt':
    case 'CreateEnumStmt':
    case 'AlterEnumStmt':
    case 'VariableSetStmt':
    case 'TransactionStmt':
      return false
    case 'DropStmt': {
      const type = bodyOf<{ removeType?: string }>(node, 'DropStmt')?.removeType
      return type !== 'OBJECT_TABLE' && type !== 'OBJECT_INDEX' && type !== 'OBJECT_TYPE'
    }
    case 'RenameStmt': {
      const type = bodyOf<{ renameType?: string }>(node, 'RenameStmt')?.renameType
      return type !== 'OBJECT_TABLE' && type !== 'OBJECT_COLUMN'
    }
    default:
      return !isDataStatement(node)
  }
}
