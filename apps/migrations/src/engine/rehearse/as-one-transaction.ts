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
import { isServerWide } from './server-wide.ts'

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
  if (statements.some(({ node }) => isServerWide(node))) {
    // They would reach beyond the copy; the rehearsal refuses them.
    return undefined
  }
  await client.query('CREATE SCHEMA IF NOT EXISTS freehold')
  for (const file of Map.groupBy(statements, ({ migrationId }) => migrationId).values()) {
    const failed = file.length === 1 ? await runAlone(client, file[0] as Statement) : await runTogether(client, file)
    if (failed !== undefined) {
      const { statement, error } = failed
      const relations = await namedRelations(client, statement.node)
      return failsTogether.includes(sqlstateOf(error))
        ? { statement, error: toObservedError(error), relations }
        : undefined
    }
  }
  return undefined
}

interface Failed {
  statement: Statement
  error: unknown
}

async function runAlone(client: Client, statement: Statement): Promise<Failed | undefined> {
  return await client.query(statement.sql).then(
    () => undefined,
    (error: unknown) => ({ statement, error }),
  )
}

async function runTogether(client: Client, file: Statement[]): Promise<Failed | undefined> {
  let statement = file[0] as Statement
  try {
    await client.query('BEGIN')
    for (statement of file) {
      await client.query(statement.sql)
      if (kindOf(statement.node) === 'TransactionStmt') {
        // Behind its own COMMIT the rest of the file is one transaction again.
        await client.query('COMMIT; BEGIN')
      }
    }
    // Deferred constraints speak here.
    await client.query('COMMIT')
    return undefined
  } catch (error) {
    await client.query('ROLLBACK')
    return { statement, error }
  }
}
