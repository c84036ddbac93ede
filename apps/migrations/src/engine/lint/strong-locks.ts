/** Which statements take ACCESS EXCLUSIVE on what, and which take long. */
import type {
  AlterTableCmd,
  AlterTableStmt,
  DropStmt,
  IndexStmt,
  LockStmt,
  Node,
  RangeVar,
  RenameStmt,
  SelectStmt,
  TruncateStmt,
} from '@pgsql/types'
import { isDataStatement } from '../plan/statement-kinds.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'
import { droppedRelations } from './relations.ts'

/** Commands of ALTER TABLE that take a weaker lock (AlterTableGetLockLevel in tablecmds.c). */
const weaker = new Set([
  'AT_AddConstraint:CONSTR_FOREIGN',
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_AttachPartition',
  'AT_EnableTrig',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_EnableTrigAll',
  'AT_EnableTrigUser',
  'AT_DisableTrig',
  'AT_DisableTrigAll',
  'AT_DisableTrigUser',
])

const accessExclusive = 8

/** Returns the relations that the statement locks with ACCESS EXCLUSIVE. */
export function strongLocks(node: Node): RangeVar[] {
  switch (kindOf(node)) {
    case 'AlterTableStmt': {
      const alter = bodyOf<AlterTableStmt>(node, 'AlterTableStmt')
      const isTable = alter?.objtype === 'OBJECT_TABLE' && alter.relation !== undefined
      return isTable && (alter.cmds ?? []).some(isStrong) ? [alter.relation as RangeVar] : []
    }
    case 'DropStmt': {
      const drop = bodyOf<DropStmt>(node, 'DropStmt')
      return drop?.removeType === 'OBJECT_TABLE' ? droppedRelations(drop) : []
    }
    case 'RenameStmt': {
      const rename = bodyOf<RenameStmt>(node, 'RenameStmt')
      const isTable = rename?.renameType === 'OBJECT_TABLE' || rename?.relationType === 'OBJECT_TABLE'
      return isTable && rename.relation !== undefined ? [rename.relation] : []
    }
    case 'TruncateStmt':
      return relationsOf(bodyOf<TruncateStmt>(node, 'TruncateStmt')?.relations)
    case 'LockStmt': {
      const lock = bodyOf<LockStmt>(node, 'LockStmt')
      return lock?.mode === accessExclusive ? relationsOf(lock.relations) : []
    }
    default:
      return []
  }
}

function isStrong(node: Node): boolean {
  const command = bodyOf<AlterTableCmd>(node, 'AlterTableCmd')
  const contype = bodyOf<{ contype?: string }>(command?.def, 'Constraint')?.contype
  const subtype = command?.subtype ?? ''
  return !weaker.has(subtype) && !weaker.has(`${subtype}:${contype}`)
}

function relationsOf(nodes: Node[] | undefined): RangeVar[] {
  return (nodes ?? []).flatMap((node) => bodyOf<RangeVar>(node, 'RangeVar') ?? [])
}

/** Returns the tables that the statement reads or writes row by row; empty for what is done in a moment. */
export function longOver(node: Node): RangeVar[] {
  const kind = kindOf(node)
  if (kind === 'IndexStmt') {
    const relation = bodyOf<IndexStmt>(node, kind)?.relation
    return relation === undefined ? [] : [relation]
  }
  if (kind === 'SelectStmt') {
    return relationsOf(bodyOf<SelectStmt>(node, kind)?.fromClause)
  }
  if (kind === 'InsertStmt') {
    const source = bodyOf<{ selectStmt?: Node }>(node, kind)?.selectStmt
    return relationsOf(bodyOf<SelectStmt>(source, 'SelectStmt')?.fromClause)
  }
  if (kind === 'VacuumStmt') {
    const tables = bodyOf<{ rels?: Node[] }>(node, kind)?.rels ?? []
    return tables.flatMap((each) => bodyOf<{ relation?: RangeVar }>(each, 'VacuumRelation')?.relation ?? [])
  }
  if (kind === 'AlterTableStmt') {
    const alter = bodyOf<AlterTableStmt>(node, kind)
    return alter?.relation !== undefined && (alter.cmds ?? []).some(isScan) ? [alter.relation] : []
  }
  const relation = isDataStatement(node) ? bodyOf<{ relation?: RangeVar }>(node, kind)?.relation : undefined
  return relation === undefined ? [] : [relation]
}

function isScan(node: Node): boolean {
  const command = bodyOf<AlterTableCmd>(node, 'AlterTableCmd')
  const constraint = bodyOf<{ contype?: string; skip_validation?: boolean; indexname?: string }>(
    command?.def,
    'Constraint',
  )
  if (command?.subtype === 'AT_AddConstraint') {
    return constraint?.skip_validation !== true && constraint?.indexname === undefined
  }
  return command?.subtype === 'AT_ValidateConstraint' || command?.subtype === 'AT_SetNotNull'
}

/** Divides what the file does into its transactions. */
export function transactionsOf<Unit extends { node: Node }>(units: Unit[]): Unit[][] {
  const transactions: Unit[][] = [[]]
  for (const unit of units) {
    if (kindOf(unit.node) === 'TransactionStmt') {
      transactions.push([])
    } else {
      transactions.at(-1)?.push(unit)
    }
  }
  return transactions
}
