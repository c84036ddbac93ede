import { randomBytes } from 'node:crypto'
import { type Client, connect, quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import { startServer } from '@freehold/postgres/embedded'

/** A Postgres 18 server that writes as one in production does, whose data go with it. */
export interface DurableServer<Role extends string> {
  /** None of the roles is a superuser. */
  url(database: string, role: Role): string
  createDatabase(name: string, owner: Role, template?: string): Promise<void>
  dropDatabase(name: string): Promise<void>
  stop(): Promise<void>
}

/** Starts a server with fsync on, and makes the roles on it, which log in with a password. */
export async function startDurableServer<Role extends string>(roles: readonly Role[]): Promise<DurableServer<Role>> {
  const { stop, url: serverUrl } = await startServer({
    major: 18,
    ephemeral: false,
    settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
  })
  const password = randomBytes(18).toString('base64url')
  const administer = (...statements: string[]): Promise<void> =>
    withClient(serverUrl(), async (client) => {
      for (const statement of statements) {
        await client.query(statement)
      }
    })
  await administer(
    ...roles.map((role) => `CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(password)}`),
  ).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    stop,
    url(database, role) {
      const url = new URL(serverUrl(database, role))
      url.password = password
      return url.href
    },
    createDatabase(name, owner, template) {
      const from = template === undefined ? '' : ` TEMPLATE ${quoteIdentifier(template)} STRATEGY FILE_COPY`
      return administer(`CREATE DATABASE ${quoteIdentifier(name)} OWNER ${quoteIdentifier(owner)}${from}`)
    },
    dropDatabase: (name) => administer(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`),
  }
}

/** Opens a connection for the time of `work`. */
export async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connect({ connectionString: url, applicationName: 'freehold-tools' })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
