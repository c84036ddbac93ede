/**
 * The server on which shadow databases are made: FREEHOLD_SHADOW_DATABASE_URL, the live server where FREEHOLD_SHADOW
 * is `server`, else an embedded Postgres of the live server's major version. It holds no row of the live database.
 */
import { randomUUID } from 'node:crypto'
import { type Client, connect, parseDatabaseUrl, quoteIdentifier, quoteLiteral, sqlstateOf } from '@freehold/postgres'
import { type Major, type Server, startServer } from '@freehold/postgres/embedded'
import { Problem, problems } from '../problem.ts'
import { waysOut } from './shadow-roles.ts'

export interface ShadowHost {
  /** `embedded` and `given` servers are Freehold's to make roles on; on the `live` one nothing but databases is made. */
  kind: 'embedded' | 'given' | 'live'
  serverMajor: number
  url(database: string): string
  /** A connection to the maintenance database, for creating and dropping shadows. */
  admin: Client
  /** The role that Freehold connects as. */
  user: string
  /** Whether `admin` is a superuser, who prepares what is rehearsed; SQL that Freehold did not write never runs as one. */
  superuser: boolean
  /** Makes a database, a copy of `template` if that is given, and returns its name. */
  createDatabase(options?: { template?: string; owner?: string }): Promise<string>
  dropDatabase(name: string): Promise<void>
  /** Names the database as the template for a catalog, and returns that name; an older one of that name gives way. */
  keep(database: string, key: string): Promise<string>
  /** Returns the template kept for the catalog, if there is one. */
  findKept(key: string): Promise<string | undefined>
  /** Ends every session on a database that is not kept, whatever it is waiting for. */
  interrupt(): Promise<void>
  close(): Promise<void>
}

/** Kept templates are few and young: each is a whole copy of a schema. */
const keptMax = 3
const keptAgeMs = 24 * 3600 * 1000
const keptPrefix = 'freehold_shadow_'

/**
 * Opens the server that shadows are made on. The caller closes it; one host serves any number of plans, one after the
 * other, against live servers of its major version.
 */
export async function openShadowHost(options: { serverMajor: number; liveUrl: string }): Promise<ShadowHost> {
  const given = process.env['FREEHOLD_SHADOW_DATABASE_URL']
  if (given !== undefined && given !== '') {
    return await hostAt('given', given, undefined)
  }
  if (process.env['FREEHOLD_SHADOW'] === 'server') {
    return await hostAt('live', options.liveUrl, undefined)
  }
  const server = await startServer({
    major: options.serverMajor as Major,
    ephemeral: true,
    // Live roles are often called postgres; on the shadow no role that is rehearsed may be a superuser.
    superuser: 'freehold_shadow',
    // Shadows are small and many; the locks of a whole schema's DDL in one message need room.
    settings: { max_connections: '20', max_locks_per_transaction: '1000', jit: 'off' },
  })
  try {
    return await hostAt('embedded', server.url(), server)
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function hostAt(kind: ShadowHost['kind'], baseUrl: string, embedded: Server | undefined): Promise<ShadowHost> {
  const admin = await connect({ connectionString: baseUrl, applicationName: 'freehold shadow' })
  const { user, superuser, leadsOut, version, fsync } = await readAdmin(admin)
  await requireHarmless(kind, admin, { user, superuser, leadsOut })
  const serverMajor = Math.floor(version / 10000)
  const scratch = new Set<string>()
  // FILE_COPY needs two checkpoints, which on a server without fsync take nothing: 35 ms against 90 for a hundred
  // tables. Elsewhere they would flush the whole server, so the default (WAL_LOG) stays.
  const strategy = fsync === 'off' && serverMajor >= 15 ? ' STRATEGY FILE_COPY' : ''
  const dropDatabase = async (name: string): Promise<void> => {
    await orProblem(`drop the shadow database ${name}`, async () => {
      await admin.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
    })
    scratch.delete(name)
  }
  return {
    kind,
    serverMajor,
    admin,
    user,
    superuser,
    url: (database) => withDatabase(baseUrl, database),
    async createDatabase({ template = 'template0', owner } = {}) {
      const name = `freehold_scratch_${randomUUID().replaceAll('-', '').slice(0, 16)}`
      const owned = owner === undefined ? '' : ` OWNER ${quoteIdentifier(owner)}`
      await orProblem(`make the shadow database ${name}`, async () => {
        await admin.query(
          `CREATE DATABASE ${quoteIdentifier(name)}${owned} TEMPLATE ${quoteIdentifier(template)}${strategy}`,
        )
      })
      scratch.add(name)
      return name
    },
    dropDatabase,
    async keep(database, key) {
      const name = keptName(key)
      await dropDatabase(name)
      const owned = superuser ? `ALTER DATABASE ${quoteIdentifier(database)} OWNER TO CURRENT_USER; ` : ''
      await admin.query(`${owned}ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(name)}`)
      await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(new Date().toISOString())}`)
      scratch.delete(database)
      await dropOldest(admin, dropDatabase)
      return name
    },
    async findKept(key) {
      const { rows } = await admin.query<{ made_at: string | null }>(
        `SELECT shobj_description(oid, 'pg_database') AS made_at FROM pg_database WHERE datname = $1`,
        [keptName(key)],
      )
      return rows[0] !== undefined && isYoung(rows[0].made_at) ? keptName(key) : undefined
    },
    async interrupt() {
      await endSessions(baseUrl, [...scratch])
    },
    async close() {
      await closeHost(admin, [...scratch], dropDatabase, embedded)
    },
  }
}

/** Refuses a role with which SQL of others would reach beyond its database. */
async function requireHarmless(
  kind: ShadowHost['kind'],
  admin: Client,
  { user, superuser, leadsOut }: Pick<HostRow, 'user' | 'superuser' | 'leadsOut'>,
): Promise<void> {
  if ((kind === 'live' && superuser) || (!superuser && leadsOut)) {
    await admin.end()
    const rights = superuser ? 'is a superuser' : "may read the server's files or run programs on it"
    const hint = 'rehearse on an embedded server, or give a role without such rights'
    const message = `the role ${user} of the server to rehearse on ${rights}, which no rehearsal may`
    throw new Problem(problems.shadowNotBuilt, message, { hint })
  }
}

/** Ends the sessions on the databases, by a session of its own: another may be waiting for something itself. */
async function endSessions(baseUrl: string, databases: string[]): Promise<void> {
  const session = await connect({ connectionString: baseUrl, applicationName: 'freehold shadow' })
  try {
    // Cancelling alone could be caught by a block that has EXCEPTION WHEN query_canceled.
    await session.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)', [databases])
  } finally {
    await session.end()
  }
}

/** What a server that is in trouble says, such as one whose disk is full, is no fault of Freehold's. */
async function orProblem(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const sqlstate = sqlstateOf(error)
    if (sqlstate === undefined) {
      throw error
    }
    const message = error instanceof Error ? error.message : String(error)
    throw new Problem(problems.shadowNotBuilt, `the shadow server could not ${what}: ${message}`, { sqlstate }, error)
  }
}

interface HostRow {
  user: string
  superuser: boolean
  leadsOut: boolean
  version: number
  fsync: string
}

async function readAdmin(admin: Client): Promise<HostRow> {
  const { rows } = await admin.query<HostRow>(
    `SELECT rolname AS user, rolsuper AS superuser,
            EXISTS (SELECT FROM unnest($1::name[]) AS way WHERE pg_has_role(way, 'MEMBER')) AS "leadsOut",
            current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync
       FROM pg_roles WHERE rolname = current_user`,
    [waysOut],
  )
  if (rows[0] === undefined) {
    throw new Error('the shadow server does not show the role that is connected to it')
  }
  return rows[0]
}

async function closeHost(
  admin: Client,
  scratch: string[],
  drop: (name: string) => Promise<void>,
  embedded: Server | undefined,
): Promise<void> {
  if (embedded !== undefined) {
    // With the server goes every database of it.
    await admin.end()
    await embedded.stop()
    return
  }
  try {
    for (const name of scratch) {
      await drop(name)
    }
  } finally {
    await admin.end()
  }
}

const keptName = (key: string): string => `${keptPrefix}${key.slice(0, 32)}`

const isYoung = (madeAt: string | null): boolean =>
  madeAt !== null && madeAt > new Date(Date.now() - keptAgeMs).toISOString()

async function dropOldest(admin: Client, drop: (name: string) => Promise<void>): Promise<void> {
  const { rows } = await admin.query<{ name: string; made_at: string | null }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS made_at
       FROM pg_database
      WHERE starts_with(datname, $1) AND pg_has_role(datdba, 'USAGE')
      ORDER BY 2 DESC NULLS LAST`,
    [keptPrefix],
  )
  for (const [index, row] of rows.entries()) {
    if (index >= keptMax || !isYoung(row.made_at)) {
      await drop(row.name)
    }
  }
}

function withDatabase(baseUrl: string, database: string): string {
  parseDatabaseUrl(baseUrl)
  const url = new URL(baseUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}
