/**
 * One runner at a time. A connection of its own holds, in a transaction left open, the advisory lock that Prisma's
 * engine takes too; an idle transaction without a snapshot holds up neither VACUUM nor CREATE INDEX CONCURRENTLY. The
 * epoch in the journal is the fence: each step asks for it in its own transaction, so that a runner that lost its lease
 * without noticing changes nothing more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, sqlstateOf, sqlstates } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'
import type { Blocker } from './facts.ts'
import { earlierSessionPatienceMs, leasePatienceMs } from './limits.ts'

/** `pg_advisory_lock(72707369)` is what Prisma's engine holds while it deploys. */
const prismaLock = 72707369

export interface Lease {
  /** Throws the Problem `connectionLost` when the connection that holds the lock is gone. */
  assertHeld(): void
  release(): Promise<void>
}

/** Takes the lock that excludes other runners and Prisma, or throws the Problem `anotherRunner`. */
export async function acquireLease(control: Client): Promise<Lease> {
  let lost: Error | undefined
  control.on('error', (error) => {
    lost = error
  })
  control.on('end', () => {
    lost ??= new Error('the connection ended')
  })
  await control.query('BEGIN')
  await control.query('SET LOCAL idle_in_transaction_session_timeout = 0')
  const deadlineAt = Date.now() + leasePatienceMs
  for (;;) {
    const { rows } = await control.query<{ held: boolean }>(`SELECT pg_try_advisory_xact_lock(${prismaLock}) AS held`)
    if (rows[0]?.held === true) {
      break
    }
    if (Date.now() > deadlineAt) {
      throw toAnotherRunner(await findLeaseHolder(control))
    }
    await sleep(50)
  }
  return {
    assertHeld() {
      if (lost !== undefined) {
        throw new Problem(
          problems.connectionLost,
          `the connection that excludes other runners is gone: ${lost.message}`,
        )
      }
    },
    async release() {
      await control.query('ROLLBACK').catch(() => {})
      await control.end().catch(() => {})
    },
  }
}

/** Returns the session that holds the lock, if any does: a Freehold or a Prisma at work. */
export async function findLeaseHolder(client: Client): Promise<Blocker | undefined> {
  const { rows } = await client.query<Blocker>(
    `SELECT l.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS user,
            coalesce(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000, 0)::float8 AS "ageMs",
            coalesce(a.state, '') AS state, NULL AS query
       FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = ${prismaLock} AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND l.pid <> pg_backend_pid()`,
  )
  return rows[0]
}

function toAnotherRunner(holder: Blocker | undefined): Problem {
  const who =
    holder === undefined
      ? 'another session'
      : `${holder.application === '' ? 'a session' : holder.application} (user ${holder.user}, process ${holder.pid}, for ${Math.round(holder.ageMs / 1000)} s)`
  return new Problem(problems.anotherRunner, `migrations of this database are being run by ${who}`)
}

/**
 * Ends what an earlier runner's session may still be doing, and opens a new epoch; only for the holder of the lease.
 * A killed runner's statement goes on in the server until it has something to send.
 */
export async function openEpoch(worker: Client): Promise<string> {
  try {
    await endEarlierSession(worker)
    const { rows } = await worker.query<{ epoch: string }>(
      `UPDATE freehold.lease SET epoch = epoch + 1, worker_pid = pg_backend_pid(), worker_started_at =
              (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid())
        WHERE id = 1 RETURNING epoch::text AS epoch`,
    )
    const epoch = rows[0]?.epoch
    if (epoch === undefined) {
      throw new Error('the lease has no row in the journal')
    }
    return epoch
  } catch (error) {
    if (sqlstateOf(error) === sqlstates.insufficientPrivilege) {
      throw new Problem(problems.rightsMissing, 'the journal in schema freehold belongs to another role', {}, error)
    }
    throw error
  }
}

async function endEarlierSession(worker: Client): Promise<void> {
  const deadlineAt = Date.now() + earlierSessionPatienceMs
  for (;;) {
    const { rows } = await worker.query<{ pid: number }>(
      `SELECT a.pid, pg_terminate_backend(a.pid)
         FROM freehold.lease e JOIN pg_catalog.pg_stat_activity a
           ON a.pid = e.worker_pid AND a.backend_start = e.worker_started_at AND a.datname = current_database()
        WHERE a.pid <> pg_backend_pid()`,
    )
    const left = rows[0]
    if (left === undefined) {
      return
    }
    if (Date.now() > deadlineAt) {
      throw new Problem(problems.anotherRunner, `an earlier runner's session (process ${left.pid}) does not end`)
    }
    await sleep(20)
  }
}

/** The first statement of each of the runner's transactions; its row is read by `assertEpoch`. */
export const epochSql = 'SELECT epoch::text AS epoch FROM freehold.lease WHERE id = 1 FOR SHARE'

/** Throws the Problem `anotherRunner` when a newer runner has taken over. */
export function assertEpoch(row: { epoch?: unknown } | undefined, epoch: string): void {
  if (row?.epoch !== epoch) {
    throw new Problem(problems.anotherRunner, 'another runner has taken over this database')
  }
}
