/**
 * A step's transaction as text that goes to the server in one message: while locks are held no round trip is waited
 * for, and what is left of a deadline is reckoned by the server's own clock between two statements.
 */
import { type Client, type QueryResult, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { LockMode, RelationLock } from '../plan/step.ts'

/** Statements each ended so that a trailing comment hides nothing of the next one. */
export function toScript(statements: string[]): string {
  return statements.map((statement) => `${statement}\n;`).join('\n')
}

/** Runs the statements as one message; one result a statement. */
export async function runScript(client: Client, statements: string[]): Promise<QueryResult[]> {
  const results: unknown = await client.query(toScript(statements))
  return (Array.isArray(results) ? results : [results]) as QueryResult[]
}

/** Returns statements that set each setting until the transaction ends. */
export function settingsSql(settings: Record<string, string>): string[] {
  const calls = Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
  )
  return calls.length === 0 ? [] : [`SELECT ${calls.join(', ')}`]
}

/** Returns the statement that goes back to this session's own role, to which the journal belongs. */
export function ownRoleSql(settings: Record<string, string>): string[] {
  return 'role' in settings ? ["SELECT pg_catalog.set_config('role', 'none', true)"] : []
}

const modeWords: Record<LockMode, string> = {
  AccessShareLock: 'ACCESS SHARE',
  RowShareLock: 'ROW SHARE',
  RowExclusiveLock: 'ROW EXCLUSIVE',
  ShareUpdateExclusiveLock: 'SHARE UPDATE EXCLUSIVE',
  ShareLock: 'SHARE',
  ShareRowExclusiveLock: 'SHARE ROW EXCLUSIVE',
  ExclusiveLock: 'EXCLUSIVE',
  AccessExclusiveLock: 'ACCESS EXCLUSIVE',
}

/** Returns LOCK TABLE for exactly this relation (and, for a view, the tables under it). */
export function lockSql(lock: RelationLock): string {
  return `LOCK TABLE ONLY ${quoteQualified(lock.schema, lock.name)} IN ${modeWords[lock.mode]} MODE`
}

/** Returns statements that take the locks in their order without waiting, each run of one mode in one statement. */
export function locksAtOnce(locks: RelationLock[]): string[] {
  const runs: RelationLock[][] = []
  for (const lock of locks) {
    const last = runs.at(-1)
    if (last?.[0]?.mode === lock.mode) {
      last.push(lock)
    } else {
      runs.push([lock])
    }
  }
  return runs.map((run) => {
    const names = run.map(({ schema, name }) => `ONLY ${quoteQualified(schema, name)}`).join(', ')
    return `LOCK TABLE ${names} IN ${modeWords[run[0]?.mode ?? 'AccessExclusiveLock']} MODE NOWAIT`
  })
}

/** A lock of a plan beside what the database says of its relation. */
export interface LockTarget extends RelationLock {
  /** Null where the relation does not exist. */
  oid: number | null
  kind: string | null
  /** LOCK TABLE takes it: a table or view, on which this role has a right that carries the lock. */
  lockable: boolean
}

/**
 * Returns what LOCK TABLE can do about each lock. It takes tables and views only, and asks for a right to change rows;
 * the statement itself may need less (REFERENCES on a parent), so what cannot be locked ahead is left to the statement.
 */
export async function findLockTargets(client: Client, locks: RelationLock[]): Promise<LockTarget[]> {
  if (locks.length === 0) {
    return []
  }
  const { rows } = await client.query<{ oid: number | null; kind: string | null; lockable: boolean }>(
    `SELECT c.oid::int8::float8 AS oid, c.relkind::text AS kind,
            coalesce(c.relkind IN ('r', 'p', 'v') AND
              CASE wanted.mode WHEN 'AccessShareLock' THEN has_table_privilege(c.oid, 'SELECT')
                               WHEN 'RowExclusiveLock' THEN has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                               ELSE has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') END, false) AS lockable
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (schema, name, mode, place)
       LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
       LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
      ORDER BY wanted.place`,
    [locks.map((lock) => lock.schema), locks.map((lock) => lock.name), locks.map((lock) => lock.mode)],
  )
  return locks.map((lock, index) => ({ ...lock, ...(rows[index] ?? { oid: null, kind: null, lockable: false }) }))
}

/** Returns the locks to take ahead; a relation that is not there locks nobody out. */
export function locksToTake(targets: LockTarget[]): LockTarget[] {
  return targets.filter((target) => target.lockable)
}
