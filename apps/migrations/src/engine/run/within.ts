/** Opaque code may branch on rows that the rehearsal did not have: before COMMIT it is held against what was seen there. */
import type { Client } from '@freehold/postgres'
import { isStrong } from '../plan/seen.ts'
import { type LockMode, lockModes, type TransactionAction } from '../plan/step.ts'

/** A table, view or index that is not Postgres' own; an index goes by its table's name. */
interface RelationState {
  oid: number
  name: string
  schema: string
  filenode: number | null
  /** Of indexes, sequences and toast tables none, for callers meet the table's lock. */
  locks: LockMode[]
}

/** The relations there were before the code ran. */
export type Before = Map<number, RelationState>

/** Thrown when opaque code did on the live database what it did not do in the rehearsal. */
export class BeyondRehearsalError extends Error {
  constructor(what: string) {
    super(`the code did on this database what it did not do in the rehearsal: ${what}`)
    this.name = 'BeyondRehearsalError'
  }
}

/** Takes a look at the relations before the code runs, from inside its transaction. */
export async function lookBefore(client: Client): Promise<Before> {
  return new Map((await look(client)).map((state) => [state.oid, state]))
}

/** Throws when the transaction holds a stronger lock or rewrote another table than it may. */
export async function assertWithin(
  client: Client,
  before: Before,
  within: NonNullable<TransactionAction['within']>,
): Promise<void> {
  for (const state of await look(client)) {
    const earlier = before.get(state.oid)
    // Freehold's own journal is written in the same transaction.
    if (earlier === undefined || earlier.schema === 'freehold') {
      continue
    }
    const allowed = within.locks.filter((lock) => lock.schema === earlier.schema && lock.name === earlier.name)
    const limit = Math.max(-1, ...allowed.map((lock) => lockModes.indexOf(lock.mode)))
    // Weaker modes keep nobody waiting.
    const strongest = Math.max(-1, ...state.locks.filter(isStrong).map((mode) => lockModes.indexOf(mode)))
    if (strongest > limit) {
      throw new BeyondRehearsalError(`it took ${lockModes[strongest]} on ${earlier.schema}.${earlier.name}`)
    }
    if (state.filenode !== earlier.filenode && !within.rewrites.includes(`${earlier.schema}.${earlier.name}`)) {
      throw new BeyondRehearsalError(`it rewrote ${earlier.schema}.${earlier.name}`)
    }
  }
}

async function look(client: Client): Promise<RelationState[]> {
  const { rows } = await client.query<RelationState>(
    `SELECT c.oid::int8::float8 AS oid, t.relname AS name, n.nspname AS schema,
            CASE WHEN c.relkind IN ('r', 'i', 'm') THEN pg_relation_filenode(c.oid)::int8::float8 END AS filenode,
            ARRAY(SELECT l.mode FROM pg_catalog.pg_locks l
                   WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation = c.oid
                     AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS locks
       FROM pg_catalog.pg_class c
       LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
       JOIN pg_catalog.pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
       JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      -- FirstNormalObjectId, transam.h; a toast table is rewritten with its own.
      WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i') AND n.nspname <> 'pg_toast'`,
  )
  return rows
}
