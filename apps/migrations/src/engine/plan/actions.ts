/** Short ways to write the actions that mechanisms are made of. */
import { quoteQualified } from '@freehold/postgres'
import type { RelationName } from '../rehearse/observation.ts'
import type { LockMode, NoAction, RelationLock, TransactionAction } from './step.ts'

export const nothing: NoAction = { kind: 'none' }

/** Returns an action for SQL in one transaction under the lock etiquette. */
export function inTransaction(
  sql: string[],
  locks: RelationLock[] = [],
  settings: Record<string, string> = {},
): TransactionAction {
  return { kind: 'transaction', sql, locks, patience: 'bounded', settings }
}

/** Returns an action for what takes long and blocks nobody, such as VALIDATE CONSTRAINT. */
export function patiently(sql: string[], settings: Record<string, string> = {}): TransactionAction {
  return { kind: 'transaction', sql, locks: [], patience: 'patient', settings }
}

/** Returns the lock on one relation. */
export function lockOn(relation: RelationName, mode: LockMode = 'AccessExclusiveLock'): RelationLock {
  return { schema: relation.schema, name: relation.name, mode }
}

/** Returns the relation's qualified, quoted name. */
export function sqlName(relation: RelationName): string {
  return quoteQualified(relation.schema, relation.name)
}

/** Returns `ALTER TABLE <name> <command>`. */
export function alterTable(relation: RelationName, command: string): string {
  return `ALTER TABLE ${sqlName(relation)} ${command}`
}
