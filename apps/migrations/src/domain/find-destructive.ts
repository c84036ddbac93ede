// Which statements of a plan want a person's word. The list is of what is known to destroy nothing: what it does not
// name, code whose effect the text does not tell among it, counts as destructive.

import type { DestructiveStatement } from '@freehold/contracts-migrations'
import type { Plan } from '#engine/index.ts'
import { parseSql } from '#engine/parse/parser.ts'
import { findMade, type Made, nothingMade, whyInnerDestructive } from './find-inner-destructive.ts'

const harmlessStatements = new Set([
  'AlterDefaultPrivilegesStmt',
  'AlterDomainStmt',
  'AlterEnumStmt',
  'AlterExtensionStmt',
  'AlterFunctionStmt',
  'AlterObjectDependsStmt',
  'AlterObjectSchemaStmt',
  'AlterOwnerStmt',
  'AlterPolicyStmt',
  'AlterSeqStmt',
  'AlterStatsStmt',
  'CommentStmt',
  'CompositeTypeStmt',
  'CreateDomainStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateFunctionStmt',
  'CreatePolicyStmt',
  'CreateRangeStmt',
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'CreateStatsStmt',
  'CreateStmt',
  'CreateTableAsStmt',
  'CreateTrigStmt',
  'DefineStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'IndexStmt',
  'InsertStmt',
  'ReindexStmt',
  'RenameStmt',
  'TransactionStmt',
  'VacuumStmt',
  'VariableSetStmt',
  'ViewStmt',
])

const destructiveCommands = new Map([
  ['AT_DropColumn', 'drops a column and what is in it'],
  ['AT_AlterColumnType', 'changes a column’s type, which may lose a part of its values'],
  ['AT_DropIdentity', 'drops a column’s identity and where it had got to'],
  ['AT_DropExpression', 'makes a generated column an ordinary one'],
  ['AT_SetUnLogged', 'makes a table’s rows go with a crash of the server'],
])

// Objects that hold nothing which their definition does not give back.
const definedOnly = new Set([
  'OBJECT_AGGREGATE',
  'OBJECT_CAST',
  'OBJECT_COLLATION',
  'OBJECT_DOMCONSTRAINT',
  'OBJECT_FUNCTION',
  'OBJECT_INDEX',
  'OBJECT_MATVIEW',
  'OBJECT_OPERATOR',
  'OBJECT_POLICY',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_RULE',
  'OBJECT_STATISTIC_EXT',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_VIEW',
])

const words: Record<string, string> = {
  DeleteStmt: 'deletes rows',
  TruncateStmt: 'empties tables',
  UpdateStmt: 'overwrites values',
  MergeStmt: 'overwrites or deletes rows',
  DropOwnedStmt: 'drops whatever a role owns',
}

/**
 * Returns the statements of the plan that may destroy something, with the reason of each. `texts` are the migrations of the
 * whole set: a function that one of them makes is not the builtin of its name.
 */
export function findDestructive(
  plan: Pick<Plan, 'mode' | 'statements'>,
  texts: readonly string[] = [],
): DestructiveStatement[] {
  // Without a table of the user's there is nothing to destroy.
  if (plan.mode === 'asWritten') {
    return []
  }
  const made = findMade([...texts, ...plan.statements.map(({ sql }) => sql)])
  return plan.statements.flatMap(({ migrationId, line, sql }) => {
    const reason = whyDestructive(sql, made)
    return reason === undefined ? [] : [{ migrationId, line, sql: sql.slice(0, 1000), reason }]
  })
}

/** Returns what the statement may destroy, or undefined. */
export function whyDestructive(sql: string, made: Made = nothingMade): string | undefined {
  for (const { node } of parseSql(sql)) {
    const [kind = '', body] = Object.entries(node)[0] ?? []
    const reason = whyKindDestructive(kind, body as Body) ?? whyInnerDestructive(node, made)
    if (reason !== undefined) {
      return reason
    }
  }
  return undefined
}

interface Body {
  removeType?: string
  behavior?: string
  kind?: string
  cmds?: { AlterTableCmd?: { subtype?: string; behavior?: string } }[]
}

function whyKindDestructive(kind: string, body: Body): string | undefined {
  if (kind === 'AlterTableStmt') {
    const commands = (body.cmds ?? []).map(({ AlterTableCmd: command }) => command)
    return commands
      .map((command) => destructiveCommands.get(command?.subtype ?? ''))
      .find((reason) => reason !== undefined)
  }
  if (kind === 'DropStmt') {
    const isPlain = definedOnly.has(body.removeType ?? '') && body.behavior !== 'DROP_CASCADE'
    return isPlain
      ? undefined
      : `drops ${nameOf(body.removeType)}${body.behavior === 'DROP_CASCADE' ? ' and all that depends on it' : ''}`
  }
  if (kind === 'DefineStmt' && body.kind === 'OBJECT_OPERATOR') {
    return 'makes an operator, which calls a function wherever it is written'
  }
  if (harmlessStatements.has(kind)) {
    return undefined
  }
  return words[kind] ?? 'its text does not tell what it does'
}

function nameOf(removeType: string | undefined): string {
  return `a ${(removeType ?? 'OBJECT_OBJECT').replace('OBJECT_', '').toLowerCase().replaceAll('_', ' ')}`
}
