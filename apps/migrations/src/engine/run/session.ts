/** Connections to the user's database, each with every setting that matters set by itself. */
import { type Client, connect, parseDatabaseUrl, quoteIdentifier, sqlstateOf, sqlstates } from '@freehold/postgres'
import type { Target } from '../commands/target.ts'
import { Problem, problems } from '../problem.ts'
import { detectPooler } from './detect-pooler.ts'

type Address = Pick<Target, 'databaseUrl' | 'schema' | 'applicationName'>

/** Opens a connection with the settings all of Freehold's sessions have; throws a Problem that tells why it cannot. */
export async function openSession(target: Address): Promise<Client> {
  const client = await connectOrExplain(target)
  try {
    await detectPooler(client)
    await setUpSession(client, target.schema)
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
}

async function connectOrExplain(target: Address): Promise<Client> {
  let place: string
  try {
    const url = parseDatabaseUrl(target.databaseUrl)
    place = `${url.host}:${url.port}, database ${url.database}`
  } catch (cause) {
    throw new Problem(problems.urlInvalid, cause instanceof Error ? cause.message : String(cause), {}, cause)
  }
  try {
    return await connect({
      connectionString: target.databaseUrl,
      applicationName: target.applicationName ?? 'freehold',
    })
  } catch (cause) {
    const reason = explainConnectError(cause)
    throw new Problem(
      problems.connectionFailed,
      `could not connect to ${place}: ${reason}`,
      { sqlstate: sqlstateOf(cause) },
      cause,
    )
  }
}

function explainConnectError(error: unknown): string {
  const code = (error as { code?: unknown }).code
  const byCode: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    ETIMEDOUT: 'no answer in time',
    [sqlstates.invalidPassword]: 'the password is wrong',
    [sqlstates.invalidCatalogName]: 'there is no such database',
    [sqlstates.tooManyConnections]: 'the server has no connection left',
  }
  const known = typeof code === 'string' ? byCode[code] : undefined
  return known ?? (error instanceof Error && error.message !== '' ? error.message : String(code ?? error))
}

async function setUpSession(client: Client, schema: string): Promise<void> {
  const settings: Record<string, string> = {
    search_path: quoteIdentifier(schema),
    statement_timeout: '0',
    lock_timeout: '0',
    idle_session_timeout: '0',
    // Long enough for a paused process to go on, short enough that a lost one lets go of its locks.
    idle_in_transaction_session_timeout: '60s',
    // The server otherwise keeps a lost runner's session, and what it holds, for two hours.
    tcp_keepalives_idle: '10',
    tcp_keepalives_interval: '5',
    tcp_keepalives_count: '3',
  }
  const calls = Object.keys(settings).map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`)
  await client.query(`SELECT ${calls.join(', ')}`, Object.entries(settings).flat())
  // Not on every server: transaction_timeout came with 17, the check of the connection works on some systems only.
  for (const setting of ["'transaction_timeout', '0'", "'client_connection_check_interval', '2s'"]) {
    await client.query(`SELECT set_config(${setting}, false)`).catch((error: unknown) => {
      if (sqlstateOf(error) === undefined) {
        throw error
      }
    })
  }
}
