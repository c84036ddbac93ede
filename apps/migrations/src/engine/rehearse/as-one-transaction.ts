/**
 * A file of several statements is run plainly as one transaction, in which some statements fail that run well alone:
 * what runs transactions of its own, and the use of an enum's value that the file itself has added.
 */
import { type Client, sqlstateOf, sqlstates } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Statement } from '../parse/statement.ts'
import { isOwnTransaction } from '../plan/statement-kinds.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'
import { namedRelations } from './named-relations.ts'
import { toObservedError } from './observe.ts'
import type { RehearsalFailure } from './rehearse-migrations.ts'

/** Tells whether a file of several statements has one that may fail in their company alone. */
export function mayFailTogether(statements: Statement[]): boolean {
  return statements.some(
    (one) =>
      dependsOnTransaction(one) && statements.some((other) => other !== one && other.migrationId === one.migrationId),
  )
}

function dependsOnTransaction({ node, sql }: Statement): boolean {
  const mayCommit = kindOf(node) === 'CallStmt' || (kindOf(node) === 'DoStmt' && /\b(commit|rollback)\b/i.test(sql))
  return isOwnTransaction(node) || mayCommit || addsEnumValue(node)
}

function addsEnumValue(node: Node): boolean {
  const alter = bodyOf<{ oldVal?: string }>(node, 'AlterEnumStmt')
  return alter !== undefined && alter.oldVal === undefined
}

const failsTogether: readonly (string | undefined)[] = [
  sqlstates.activeSqlTransaction,
  sqlstates.invalidTransactionTermination,
  sqlstates.unsafeNewEnumValueUsage,
]

/**
 * Runs each file of several statements as one transaction and returns what fails for that alone; any other failure ends
 * the look, for the rehearsal meets it as well. The client's database is changed.
 */
export async function findFailureTogether(
  client: Client,
  statements: Statement[],
): Promise<RehearsalFailure | undefined> {
  const files = Map.groupBy(statements, ({ migrationId }) => migrationId)
  for (const file of files.values()) {
    const isAlone = file.length === 1
    await client.query(isAlone ? '' : 'BEGIN')
    for (const statement of file) {
      try {
        await client.query(statement.sql)
        if (!isAlone && kindOf(statement.node) === 'TransactionStmt') {
          // Behind its own COMMIT the rest of the file is one transaction again.
          await client.query('COMMIT; BEGIN')
        }
      } catch (error) {
        await client.query('ROLLBACK')
        if (!failsTogether.includes(sqlstateOf(error))) {
          return undefined
        }
        return { statement, error: toObservedError(error), relations: await namedRelations(client, statement.node) }
      }
    }
    await client.query('COMMIT')
  }
  return undefined
}
