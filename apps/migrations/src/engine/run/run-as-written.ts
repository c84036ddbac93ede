/**
 * Runs files as they stand on a database where nobody waits. A file and its row in the table of what is applied are one
 * message and so one implicit transaction: a file is applied and entered or neither, and costs one round trip. A file of
 * one statement that Postgres runs in no transaction block (CREATE INDEX CONCURRENTLY) goes alone, as Prisma sends it.
 */
import { type Client, isConnectionLoss, quoteIdentifier, quoteLiteral, sqlstateOf, sqlstates } from '@freehold/postgres'
import { parseSql } from '../parse/parser.ts'
import { fileOf, type Migration } from '../parse/statement.ts'
import type { Plan } from '../plan/plan.ts'
import { Problem, problems } from '../problem.ts'
import { deleteRow, finishedRowSql, insertStarted, markFinished } from '../read/history.ts'
import { throwIfStopped } from './pause.ts'
import { type RunContext, toInterruption } from './run-context.ts'
import { toScript } from './transaction-script.ts'

/** Runs the migrations in their order, given the table of what is applied; throws the Problem `stepFailed`, with file and line, at the first that fails. */
export async function runFiles(context: RunContext, plan: Plan, migrations: Migration[]): Promise<void> {
  const { client } = context
  const chosen = new Set(plan.migrations.map(({ id }) => id))
  // The files wait for no disk: a crash of the server loses whole files with their rows, from the end. What is reported
  // as applied is flushed first.
  await client.query('SET synchronous_commit = off')
  try {
    for (const [index, migration] of migrations.filter(({ id }) => chosen.has(id)).entries()) {
      throwIfStopped(context.signal)
      context.lease.assertHeld()
      const place = { position: index + 1, steps: chosen.size }
      context.onFact({ kind: 'stepStarted', stepId: migration.id, ...place, reason: 'as written', sql: migration.sql })
      await runFile(context, migration)
    }
  } catch (error) {
    // What failed is told; the connection may be what failed.
    await flush(client).catch(() => {})
    throw error
  }
  await flush(client)
}

async function flush(client: Client): Promise<void> {
  await client.query('RESET synchronous_commit')
  // A commit that wrote something makes all before it durable.
  await client.query('UPDATE freehold.lease SET epoch = epoch')
}

async function runFile(context: RunContext, migration: Migration): Promise<void> {
  const { client, schema } = context
  const sql = migration.sql.replace(/^\uFEFF/, '')
  try {
    await client.query(toScript([sql, finishedRowSql(schema, migration), searchPathSql(schema)]))
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (sqlstateOf(error) === sqlstates.activeSqlTransaction && parseSql(sql).length === 1) {
      await runAlone(context, migration, sql)
      return
    }
    throw toInterruption(error, context.signal) ?? toStepFailed(migration, sql, error)
  }
}

// A file may have emptied the search_path, as dumps do; the next one starts as if it were the first.
function searchPathSql(schema: string): string {
  return `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(quoteIdentifier(schema))}, false)`
}

async function runAlone(context: RunContext, migration: Migration, sql: string): Promise<void> {
  const { client, schema } = context
  const rowId = await insertStarted(client, schema, migration)
  try {
    await client.query(sql)
  } catch (error) {
    if (!isConnectionLoss(error)) {
      await deleteRow(client, schema, rowId)
    }
    throw toInterruption(error, context.signal) ?? toStepFailed(migration, sql, error)
  }
  await markFinished(client, schema, rowId)
}

function toStepFailed(migration: Migration, sql: string, error: unknown): Problem {
  const place = findPlace(sql, (error as { position?: unknown }).position)
  const message = error instanceof Error ? error.message : String(error)
  const where = place === undefined ? migration.id : `${fileOf(migration.id)}:${place.line}:${place.column}`
  return new Problem(
    problems.stepFailed,
    `${where}: ${message}; the migrations before it are applied, it is not`,
    {
      sqlstate: sqlstateOf(error),
      migrationId: migration.id,
      line: place?.line,
      column: place?.column,
      lines: place === undefined ? [] : [place.text, `${' '.repeat(place.column - 1)}^`],
      hint: 'mend the migration, then run again',
    },
    error,
  )
}

/** Returns line and column, from 1, of a position that counts characters from 1; undefined where there is none. */
export function findPlace(sql: string, position: unknown): { line: number; column: number; text: string } | undefined {
  const at = Number(position)
  const characters = [...sql]
  if (!Number.isInteger(at) || at < 1 || at > characters.length) {
    return undefined
  }
  const before = characters
    .slice(0, at - 1)
    .join('')
    .split('\n')
  const line = before.length
  const last = before.at(-1) ?? ''
  return { line, column: [...last].length + 1, text: sql.split('\n')[line - 1]?.trimEnd() ?? '' }
}
