/** Who is in the way of a lock: other sessions' transactions, autovacuum, and prepared transactions. */
import type { Client } from '@freehold/postgres'
import { type LockMode, lockModes } from '../plan/step.ts'
import type { Blocker } from './facts.ts'
import { longTransactionMs } from './limits.ts'
import type { LockTarget } from './transaction-script.ts'

/** A blocker with what the runner decides by. */
export interface Holder extends Blocker {
  oid: number
  autovacuum: boolean
  /** Names the transaction, so that it can be recognised in a later look. */
  transaction: string
}

// Table 13.2 of the manual.
const conflictTable: Record<LockMode, LockMode[]> = {
  AccessShareLock: ['AccessExclusiveLock'],
  RowShareLock: ['ExclusiveLock', 'AccessExclusiveLock'],
  RowExclusiveLock: ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
  ShareUpdateExclusiveLock: lockModes.slice(3),
  ShareLock: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  ShareRowExclusiveLock: lockModes.slice(2),
  ExclusiveLock: lockModes.slice(1),
  AccessExclusiveLock: [...lockModes],
}

/** Tells whether one session's lock keeps the other from being granted. */
export function conflictsWith(wanted: LockMode, held: LockMode): boolean {
  return conflictTable[wanted].includes(held)
}

/**
 * Returns the transactions that hold a lock in conflict with one of the targets, the oldest first. This role may not see
 * the age of others' transactions: `firstSeen` remembers since when each has been met.
 */
export async function findHolders(
  watcher: Client,
  ownPid: number,
  targets: LockTarget[],
  firstSeen: Map<string, number>,
): Promise<Holder[]> {
  const pairs = targets.flatMap((target) =>
    target.oid === null ? [] : conflictTable[target.mode].map((mode) => [target.oid, mode] as const),
  )
  if (pairs.length === 0) {
    return []
  }
  const { rows } = await watcher.query<Omit<Holder, 'ageMs'> & { ageMs: number | null }>(holdersSql, [
    pairs.map(([oid]) => oid),
    pairs.map(([, mode]) => mode),
    ownPid,
  ])
  const now = Date.now()
  const holders = rows.map((row) => {
    const seenAt = firstSeen.get(row.transaction) ?? now
    firstSeen.set(row.transaction, seenAt)
    return { ...row, ageMs: Math.max(row.ageMs ?? 0, now - seenAt) }
  })
  return holders.sort((a, b) => b.ageMs - a.ageMs)
}

// For another role's session a role without pg_read_all_stats sees neither state, age nor statement; an autovacuum
// worker then shows as a session of this database without a user.
const holdersSql = `
SELECT DISTINCT ON (l.pid, l.virtualtransaction)
       l.pid, l.relation::int8::float8 AS oid, coalesce(l.pid::text, '') || ' ' || l.virtualtransaction AS transaction,
       coalesce(nullif(a.application_name, ''), 'prepared transaction ' || p.gid, '') AS application,
       coalesce(a.usename, p.owner, '') AS "user",
       (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::float8 AS "ageMs",
       coalesce(a.state, '') AS state, nullif(left(a.query, 200), '<insufficient privilege>') AS query,
       coalesce(a.backend_type = 'autovacuum worker', a.usesysid IS NULL AND a.datid IS NOT NULL, false) AS autovacuum
  FROM pg_catalog.pg_locks l
  JOIN unnest($1::int8[], $2::text[]) AS wanted (oid, mode) ON l.relation = wanted.oid::oid AND l.mode = wanted.mode
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN (pg_catalog.pg_locks own JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = own.transactionid)
    ON l.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid' AND own.virtualtransaction = l.virtualtransaction
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM $3
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`

/** Returns the sessions that keep this session waiting right now. */
export async function findBlockers(watcher: Client, pid: number): Promise<Blocker[]> {
  const { rows } = await watcher.query<Blocker>(
    `SELECT a.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS "user",
            coalesce(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000, 0)::float8 AS "ageMs",
            coalesce(a.state, '') AS state, nullif(left(a.query, 200), '<insufficient privilege>') AS query
       FROM unnest(pg_blocking_pids($1)) AS blocking (pid)
       JOIN pg_catalog.pg_stat_activity a ON a.pid = blocking.pid`,
    [pid],
  )
  return rows
}

/** Tells whether the transaction will hardly end within a timed try. */
export function isLong(holder: Holder): boolean {
  return holder.ageMs > longTransactionMs
}

/** Returns what people and programs are told of a holder. */
export function toBlocker(holder: Holder): Blocker {
  const { pid, application, user, ageMs, state, query } = holder
  return { pid, application, user, ageMs: Math.round(ageMs), state, query }
}

/** Returns one line for people. */
export function describeBlocker(blocker: Blocker): string {
  const who = blocker.pid === null ? blocker.application : `process ${blocker.pid} ${blocker.application}`.trim()
  const state = blocker.state === '' ? '' : `, ${blocker.state}`
  const query = blocker.query === null ? '' : `: ${blocker.query.replaceAll(/\s+/g, ' ')}`
  return `${who} (user ${blocker.user}, for ${(blocker.ageMs / 1000).toFixed(1)} s${state})${query}`
}
