import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import pg from 'pg'

export type Client = pg.Client

export interface ConnectionOptions {
  connectionString: string
  applicationName: string
  /** Settings of the session, given in the startup packet, for example `{ lock_timeout: '0' }`. */
  settings?: Record<string, string>
}

/** A database URL taken apart: what node-postgres needs, and what Prisma's parameters ask for. */
export interface ParsedUrl {
  config: pg.ClientConfig
  /** `?schema=`, `public` if it is not given, as in Prisma. */
  schema: string
  /** `?pgbouncer=true`: the URL says itself that a pooler is in between. */
  pgbouncer: boolean
  host: string
  port: number
  database: string
  user: string
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const

/**
 * Returns what a `postgres://` URL with Prisma's parameters (schema, sslmode, sslcert, sslpassword, sslidentity, sslaccept,
 * pgbouncer, connect_timeout, host for a socket folder, options) asks for.
 * Throws a TypeError that names the part at fault, never the password.
 */
export function parseDatabaseUrl(connectionString: string): ParsedUrl {
  let url: URL
  try {
    url = new URL(connectionString)
  } catch {
    throw new TypeError('the database URL is not a URL; it should read postgresql://user:password@host:5432/database')
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new TypeError(`the database URL starts with ${url.protocol}//, not with postgresql://`)
  }
  const database = decodeURIComponent(url.pathname.replace(/^\//, ''))
  if (database === '') {
    throw new TypeError('the database URL names no database; it should end in /database')
  }
  const parameters = url.searchParams
  const host = parameters.get('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  const user = decodeURIComponent(url.username)
  const timeoutS = Number(parameters.get('connect_timeout') ?? '5')
  const config: pg.ClientConfig = {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    ssl: sslOf(parameters),
    // 0 waits for ever, as in Prisma.
    connectionTimeoutMillis: Number.isFinite(timeoutS) ? timeoutS * 1000 : 5000,
  }
  if (user !== '') {
    config.user = user
  }
  if (url.password !== '') {
    config.password = decodeURIComponent(url.password)
  }
  const options = parameters.get('options')
  if (options !== null) {
    config.options = options
  }
  return {
    config,
    schema: parameters.get('schema') ?? 'public',
    pgbouncer: parameters.get('pgbouncer') === 'true',
    host,
    port: config.port as number,
    database,
    user,
  }
}

function sslOf(parameters: URLSearchParams): pg.ClientConfig['ssl'] {
  const mode = parameters.get('sslmode')
  if (mode !== null && !(sslModes as readonly string[]).includes(mode)) {
    throw new TypeError(`sslmode=${mode} of the database URL is none of ${sslModes.join(', ')}`)
  }
  const certificate = parameters.get('sslcert') ?? parameters.get('sslrootcert')
  if (mode === null || mode === 'disable' || mode === 'allow' || mode === 'prefer') {
    return certificate === null || mode === 'disable' ? false : { ca: readFileSync(certificate, 'utf8') }
  }
  const strict =
    mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && parameters.get('sslaccept') === 'strict')
  const ssl: Exclude<pg.ClientConfig['ssl'], boolean | undefined> = { rejectUnauthorized: strict }
  if (certificate !== null) {
    ssl.ca = readFileSync(certificate, 'utf8')
  }
  if (mode === 'verify-ca') {
    // libpq's verify-ca checks the chain and not the host name.
    ssl.checkServerIdentity = () => undefined
  }
  const identity = parameters.get('sslidentity')
  if (identity !== null) {
    ssl.pfx = readFileSync(identity)
    const passphrase = parameters.get('sslpassword')
    if (passphrase !== null) {
      ssl.passphrase = passphrase
    }
  }
  return ssl
}

/**
 * Returns an open connection; the caller ends it. The URL says who connects: neither PGUSER nor PGPASSWORD nor a password
 * file fills in what it leaves out, for it may be another's, who must not be given the process's own. An error
 * that arrives while it is idle does not end the process.
 */
export async function connect(options: ConnectionOptions): Promise<Client> {
  const { config } = parseDatabaseUrl(options.connectionString)
  const settings = Object.entries(options.settings ?? {}).map(([name, value]) => `-c ${name}=${escapeOption(value)}`)
  const startup = [config.options, ...settings].filter((part) => part !== undefined).join(' ')
  const client = new pg.Client({
    ...config,
    user: config.user ?? userInfo().username,
    // A function alone keeps node-postgres from looking into the environment and the password file.
    password: config.password ?? (() => ''),
    application_name: options.applicationName,
    keepAlive: true,
    ...(startup === '' ? {} : { options: startup }),
  })
  // Without a listener Node ends the process when the server closes an idle connection; the next query reports it.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Escapes white space and backslashes as the `options` parameter of a startup packet wants it. */
function escapeOption(value: string): string {
  return value.replace(/([\\\s])/g, '\\$1')
}
