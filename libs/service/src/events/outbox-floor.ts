// Deleted rows of the outbox stay in its index as long as any transaction of the database has a snapshot from before, and
// a look from the very beginning passes over all of them: 0.4 s for a million. The floor is a position below which no row
// can appear any more, so that looks start there.
//
// Who inserts locks the table before it draws a position. So what was drawn up to the highest position that was seen
// belongs to transactions that hold the table's lock at that moment, or have ended. Once those have ended, and one more look has
// dealt with what they left, nothing up to that position can come.

import { type Client, quoteQualified } from '@freehold/postgres'

export interface OutboxFloor {
  /** Rows up to this position are all dealt with. */
  position(): bigint
  /** Called after each look, when what it found has been deleted; `isAll` tells that there was no more. */
  advance(found: bigint[], isAll: boolean): Promise<void>
}

interface Candidate {
  position: bigint
  /** Transactions that may still commit rows up to the position. */
  writers: Set<string>
}

const checkEveryMsDefault = 1_000

/** Returns a floor of 0, which rises as the relay goes on. */
export function createOutboxFloor(client: Client, schema: string, checkEveryMs = checkEveryMsDefault): OutboxFloor {
  let floor = 0n
  let highest = 0n
  let candidate: Candidate | undefined
  let checkedAt = performance.now()
  return {
    position: () => floor,
    async advance(found, isAll) {
      const last = found.at(-1) ?? 0n
      if (candidate?.writers.size === 0 && (isAll || last >= candidate.position)) {
        floor = candidate.position
        candidate = undefined
      }
      highest = last > highest ? last : highest
      if (highest === floor || performance.now() - checkedAt < checkEveryMs) {
        return
      }
      checkedAt = performance.now()
      const writers = await readWriters(client, schema)
      candidate =
        candidate === undefined
          ? { position: highest, writers }
          : { ...candidate, writers: new Set([...candidate.writers].filter((writer) => writers.has(writer))) }
    },
  }
}

/** Returns the transactions that have inserted or deleted, or are about to. */
async function readWriters(client: Client, schema: string): Promise<Set<string>> {
  const { rows } = await client.query<{ virtualtransaction: string }>({
    name: 'read-outbox-writers',
    text: `SELECT DISTINCT virtualtransaction FROM pg_locks
      WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = $1::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    values: [quoteQualified(schema, 'outbox')],
  })
  return new Set(rows.map(({ virtualtransaction }) => virtualtransaction))
}
