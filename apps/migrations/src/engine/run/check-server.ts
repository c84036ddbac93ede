import { type Client, quoteIdentifier } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'

/** Returns the server's major version; throws a Problem when no migration can run on it as this role. */
export async function checkServer(client: Client): Promise<number> {
  const { rows } = await client.query<{
    version: string
    major: number
    recovery: boolean
    read_only: boolean
  }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
            pg_is_in_recovery() AS recovery, current_setting('transaction_read_only')::bool AS read_only`,
  )
  const server = rows[0]
  if (server === undefined) {
    throw new Error('the server told nothing of itself')
  }
  if (server.major < 14) {
    throw new Problem(
      problems.serverTooOld,
      `the server is PostgreSQL ${server.version}; 14 is the oldest that is served`,
    )
  }
  if (server.recovery || server.read_only) {
    const why = server.recovery ? 'is a standby' : 'takes no writes (default_transaction_read_only is on)'
    throw new Problem(problems.serverReadOnly, `the server ${why}`)
  }
  return server.major
}

/** Throws the Problem `rightsMissing`, with the GRANT to give, when this role cannot keep a journal in the database. */
export async function checkJournalRights(client: Client): Promise<void> {
  const { rows } = await client.query<{
    role: string
    database: string
    schema_exists: boolean
    may_create_schema: boolean
    may_use_schema: boolean
  }>(
    `SELECT current_user AS role, current_database() AS database, n.oid IS NOT NULL AS schema_exists,
            has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
            coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), true) AS may_use_schema
       FROM (SELECT) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'freehold'`,
  )
  const found = rows[0]
  if (found === undefined) {
    return
  }
  const role = quoteIdentifier(found.role)
  if (!found.schema_exists && !found.may_create_schema) {
    throw new Problem(
      problems.rightsMissing,
      `the role ${found.role} may not create the schema freehold, in which Freehold keeps its journal`,
      { hint: `run as the database's owner: GRANT CREATE ON DATABASE ${quoteIdentifier(found.database)} TO ${role}` },
    )
  }
  if (found.schema_exists && !found.may_use_schema) {
    throw new Problem(
      problems.rightsMissing,
      `the schema freehold, in which Freehold keeps its journal, belongs to another role than ${found.role}`,
      { hint: `connect as its owner, or run: GRANT USAGE, CREATE ON SCHEMA freehold TO ${role}` },
    )
  }
}
