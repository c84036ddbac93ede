/**
 * Looks whether anybody still uses what the contract phase of a run will rename, tighten or remove. pg_stat_statements
 * counts the calls of each statement; a count that grows between two looks is a user. Absence is no proof, which the
 * plan's reader is told; where there is nothing to look at, a person has to say that the old version is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, sqlstateOf } from '@freehold/postgres'
import { parseMigration } from '../parse/parse-migration.ts'
import { parseSql } from '../parse/parser.ts'
import { wordsOf } from '../plan/syntax.ts'
import { namesOf, type UnitNames } from '../plan/unit-conflicts.ts'
import type { Run } from '../run/journal.ts'

export type OldNamesUse =
  | { outcome: 'unused' }
  | { outcome: 'used'; queries: string[] }
  /** pg_stat_statements is not there, or this role may not read it. */
  | { outcome: 'unknown' }

/** Between two looks: a running version answers a few requests in this time. */
const lookMs = 3000

/** Returns whether statements that name what the run's contract phase takes away are still being called. */
export async function findOldNamesInUse(client: Client, run: Run): Promise<OldNamesUse> {
  const old = await namesOfContract(run)
  const first = await readCalls(client)
  if (first === undefined) {
    return { outcome: 'unknown' }
  }
  await sleep(lookMs)
  const second = (await readCalls(client)) ?? new Map<string, number>()
  const grown = [...second].filter(([query, calls]) => calls > (first.get(query) ?? 0)).map(([query]) => query)
  const queries = grown.filter((query) => isNamedIn(query, old))
  return queries.length === 0 ? { outcome: 'unused' } : { outcome: 'used', queries }
}

async function namesOfContract(run: Run): Promise<UnitNames[]> {
  const deferred = run.plan.statements.filter((statement) => statement.phases.includes('contract'))
  const names: UnitNames[] = []
  for (const statement of deferred) {
    const parsed = await parseMigration({ id: statement.migrationId, checksum: '', sql: statement.sql })
    names.push(...parsed.map(({ node }) => namesOf(node)))
  }
  return names
}

async function readCalls(client: Client): Promise<Map<string, number> | undefined> {
  try {
    const { rows } = await client.query<{ query: string; calls: number }>(
      `SELECT s.query, sum(s.calls)::float8 AS calls
         FROM pg_stat_statements s JOIN pg_catalog.pg_database d ON d.oid = s.dbid
        WHERE d.datname = current_database() GROUP BY s.query`,
    )
    // A role without pg_read_all_stats sees others' statements blotted out.
    const isBlotted = rows.some(({ query }) => query === '<insufficient privilege>')
    return isBlotted ? undefined : new Map(rows.map(({ query, calls }) => [query, calls]))
  } catch (error) {
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    return undefined
  }
}

function isNamedIn(query: string, old: UnitNames[]): boolean {
  let words: Set<string>
  try {
    words = wordsOf(parseSql(query).map(({ node }) => node))
  } catch {
    // A statement that was cut off, or a utility's: it counts as a user when its text names anything old.
    return old.some((names) => [...names.changes].some((name) => query.includes(name)))
  }
  return old.some((names) => {
    const namesTable = [...names.tables].some((table) => words.has(table))
    return names.wholeTable ? namesTable : namesTable && [...names.changes].some((name) => words.has(name))
  })
}
