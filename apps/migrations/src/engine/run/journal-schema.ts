import type { Client } from '@freehold/postgres'
import { sqlstateOf, sqlstates, withTransaction } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'
import { checkJournalRights } from './check-server.ts'

/** Raised when an older Freehold could no longer read or go on with what is in the journal. */
export const journalFormatVersion = 1

const relations = [
  'CREATE TABLE IF NOT EXISTS freehold.journal_format (version integer NOT NULL)',
  `CREATE TABLE IF NOT EXISTS freehold.lease (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    epoch bigint NOT NULL,
    worker_pid integer,
    worker_started_at timestamptz
  )`,
  `CREATE TABLE IF NOT EXISTS freehold.migration_runs (
    id uuid PRIMARY KEY,
    plan jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'windowOpen', 'contracting', 'done', 'undoing', 'undone', 'failed')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    epoch bigint NOT NULL,
    error jsonb,
    prisma_rows jsonb NOT NULL DEFAULT '{}',
    verified_fingerprint text,
    catalog jsonb,
    window_catalog jsonb
  )`,
  // One run at a time is not at its end.
  `CREATE UNIQUE INDEX IF NOT EXISTS migration_runs_open_key ON freehold.migration_runs ((true))
    WHERE state IN ('running', 'windowOpen', 'contracting', 'undoing')`,
  `CREATE TABLE IF NOT EXISTS freehold.run_steps (
    run_id uuid NOT NULL REFERENCES freehold.migration_runs (id),
    step_id text NOT NULL,
    position integer NOT NULL,
    direction text NOT NULL DEFAULT 'do' CHECK (direction IN ('do', 'undo')),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'applied', 'undone', 'inDoubt')),
    checkpoint jsonb,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint,
    started_at timestamptz,
    finished_at timestamptz,
    waited_ms double precision NOT NULL DEFAULT 0,
    held_ms double precision NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, step_id),
    CONSTRAINT run_steps_run_id_position_key UNIQUE (run_id, position)
  )`,
]

/**
 * Makes the journal in the target database where it is missing. Throws the Problem `rightsMissing` with the GRANT to
 * give, and `journalNewer` when a newer Freehold has been here.
 */
export async function ensureJournal(client: Client): Promise<void> {
  if (await hasJournal(client)) {
    return
  }
  await checkJournalRights(client)
  await withTransaction(client, async () => {
    const { rows } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', ['freehold'])
    if (rows.length === 0) {
      await client.query('CREATE SCHEMA freehold')
    }
    for (const relation of relations) {
      await client.query(relation)
    }
    await client.query(`INSERT INTO freehold.journal_format (version) VALUES (${journalFormatVersion})`)
    await client.query('INSERT INTO freehold.lease (id, epoch) VALUES (1, 0) ON CONFLICT DO NOTHING')
    await keepToOwner(client)
  })
}

/** Tells whether the database has a journal that this Freehold can go on with; throws a Problem if only a newer one can. */
export async function hasJournal(client: Client): Promise<boolean> {
  try {
    const found = await client.query(
      `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'freehold' AND c.relname = 'journal_format'`,
    )
    if (found.rowCount === 0) {
      return false
    }
    const { rows } = await client.query<{ version: number }>('SELECT version FROM freehold.journal_format')
    const version = rows[0]?.version ?? 0
    if (version > journalFormatVersion) {
      throw new Problem(
        problems.journalNewer,
        `the journal in this database has format ${version}; this Freehold knows formats up to ${journalFormatVersion}`,
      )
    }
    return true
  } catch (error) {
    if (sqlstateOf(error) === sqlstates.insufficientPrivilege) {
      throw new Problem(
        problems.rightsMissing,
        'this role may not read the schema freehold, in which Freehold keeps its journal',
        { hint: 'connect as the role that the earlier migrations were run with' },
        error,
      )
    }
    throw error
  }
}

/** Takes back what default privileges gave to others: what is kept here may be rows that others must not read. */
async function keepToOwner(client: Client): Promise<void> {
  const { rows } = await client.query<{ grantee: string }>(
    `SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
       FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) a
      WHERE n.nspname = 'freehold' AND a.grantee <> n.nspowner AND n.nspowner = current_user::regrole`,
  )
  for (const { grantee } of rows) {
    await client.query(`REVOKE ALL ON SCHEMA freehold FROM ${grantee}`)
  }
  await client.query('REVOKE ALL ON ALL TABLES IN SCHEMA freehold FROM PUBLIC')
}
