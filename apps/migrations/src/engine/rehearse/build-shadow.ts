import { createHash } from 'node:crypto'
import { type Client, connect, quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { compareCatalogs, type Difference } from '../inspect/compare-catalogs.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { adaptToHost } from './adapt-catalog.ts'
import type { LiveSurroundings } from './live-surroundings.ts'
import { makeSchema } from './make-schema.ts'
import type { ShadowHost } from './shadow-host.ts'
import type { ShadowRoles } from './shadow-roles.ts'

/** No shadow of the live schema could be built, so nothing can be rehearsed or proven. */
export class ShadowNotBuiltError extends Error {
  readonly differences: Difference[]
  constructor(message: string, differences: Difference[], cause?: unknown) {
    super(message, { cause })
    this.name = 'ShadowNotBuiltError'
    this.differences = differences
  }
}

/** What a template is built from. */
export interface TemplateSource {
  catalog: Catalog
  live: LiveSurroundings
  /** Gives the SQL of the history's files, for a catalog that cannot be rendered. */
  replay(): Promise<string[]>
}

/** A database on the shadow host that equals the live one and holds no row; it must not be connected to. */
export interface Template {
  database: string
  /** False where it goes with the shadow. */
  isKept: boolean
}

/**
 * Returns a template whose catalog was read back and is equal to the given one. Where the roles are not the live ones,
 * owners, rights and what else differs by place are those of the host.
 */
export async function prepareTemplate(host: ShadowHost, roles: ShadowRoles, source: TemplateSource): Promise<Template> {
  const isKept = roles.hasLiveRoles || !host.superuser
  const key = templateKey(source.catalog)
  const kept = isKept ? await host.findKept(key) : undefined
  await checkHost(host, source.catalog)
  if (kept !== undefined) {
    return { database: kept, isKept }
  }
  const rendered = await build(host, roles, source, 'rendered')
  const built = 'database' in rendered ? rendered : await build(host, roles, source, 'replayed')
  if ('error' in built) {
    throw 'error' in rendered ? rendered.error : built.error
  }
  return { database: isKept ? await host.keep(built.database, key) : built.database, isKept }
}

/** Identifies a catalog with what differs by place, for a shadow is rehearsed with the live owners and rights. */
export function templateKey(catalog: Catalog): string {
  const relations = catalog.relations.map((relation) => ({ ...relation, oid: 0 }))
  const withoutOids = { ...catalog, relations, dependencies: [] }
  return createHash('sha256').update(JSON.stringify(withoutOids)).digest('hex')
}

/** Gives the session the live role's settings, with the URL's schema in front. */
export async function takeSettings(client: Client, catalog: Catalog, schema: string): Promise<void> {
  const settings = Object.entries({ ...catalog.settings, search_path: quoteIdentifier(schema) })
    .filter(([name]) => !ownLimits.has(name))
    .map(([name, value]) => `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`)
  await client.query(`SELECT ${settings.join(', ')}`)
}

// A live role's time limits are about callers; on the shadow they would only cut the rehearsal off.
const ownLimits = new Set([
  'statement_timeout',
  'lock_timeout',
  'transaction_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
])

async function checkHost(host: ShadowHost, catalog: Catalog): Promise<void> {
  const wantedMajor = Math.floor(catalog.serverVersionNum / 10000)
  if (host.serverMajor !== wantedMajor) {
    const message = `the shadow server runs PostgreSQL ${host.serverMajor}, the live one ${wantedMajor}`
    throw new ShadowNotBuiltError(message, [])
  }
  const names = catalog.extensions.map((extension) => extension.name)
  const { rows } = await host.admin.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) AS wanted (name)
      WHERE NOT EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = wanted.name)`,
    [names],
  )
  if (rows.length > 0) {
    const missing = rows.map((row) => `"${row.name}"`).join(', ')
    throw new ShadowNotBuiltError(`the live schema uses the extension ${missing}, which the shadow server lacks`, [])
  }
}

async function build(
  host: ShadowHost,
  roles: ShadowRoles,
  source: TemplateSource,
  how: 'rendered' | 'replayed',
): Promise<{ database: string } | { error: ShadowNotBuiltError }> {
  const isRendered = how === 'rendered'
  const database = isRendered ? await createForMaker(host, roles) : await createOwned(host, roles, source)
  const sessions: Client[] = []
  try {
    // The first session of a new database writes the cache of its catalogs, which the others then read. All are there
    // before any text of the live server is run.
    const [owner] = await openAll(sessions, [roles.openOwner(database)])
    const [, maker, superuser] = await openAll(sessions, [
      ...(isRendered ? [roles.openMaker(database)] : []),
      ...(isRendered && host.superuser ? [openSuperuser(host, database)] : []),
    ])
    if (maker === undefined) {
      await replay(owner as Client, source)
    } else {
      const options = { makerName: roles.maker, owners: roles.hasLiveRoles }
      await makeSchema({ maker, superuser }, source.catalog, options)
    }
    await assertEqual(owner as Client, roles, source.catalog)
    await closeAll(sessions)
    return { database }
  } catch (error) {
    await closeAll(sessions)
    await host.dropDatabase(database)
    if (error instanceof ShadowNotBuiltError) {
      return { error }
    }
    const message = `the live schema could not be built on the shadow: ${(error as Error).message}`
    return { error: new ShadowNotBuiltError(message, [], error) }
  }
}

/** Returns the sessions when all are open; those that are open are in the list whatever happens. */
async function openAll(sessions: Client[], opening: Promise<Client>[]): Promise<Client[]> {
  const results = await Promise.allSettled(opening)
  for (const result of results) {
    if (result.status === 'fulfilled') {
      sessions.push(result.value)
    }
  }
  for (const result of results) {
    if (result.status === 'rejected') {
      throw result.reason
    }
  }
  return sessions
}

async function closeAll(sessions: Client[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.end().catch(() => {})))
}

async function openSuperuser(host: ShadowHost, database: string): Promise<Client> {
  return await connect({ connectionString: host.url(database), applicationName: 'freehold shadow' })
}

async function replay(owner: Client, source: TemplateSource): Promise<void> {
  await takeSettings(owner, source.catalog, 'public')
  for (const script of await source.replay()) {
    await owner.query(script)
  }
  await owner.query('RESET ALL')
}

async function assertEqual(owner: Client, roles: ShadowRoles, live: Catalog): Promise<void> {
  await takeSettings(owner, live, 'public')
  const read = await readCatalog(owner)
  const [wanted, found] = roles.hasLiveRoles
    ? [live, read]
    : [adaptToHost(live, roles.maker), adaptToHost(read, roles.maker)]
  const differences = compareCatalogs(wanted, found, { ignorePlace: !roles.hasLiveRoles })
  if (differences.length > 0) {
    const shown = differences.slice(0, 3).map((difference) => `${difference.object} (${difference.what})`)
    throw new ShadowNotBuiltError(`the shadow differs from the live schema in ${shown.join(', ')}`, differences)
  }
}

async function createForMaker(host: ShadowHost, roles: ShadowRoles): Promise<string> {
  return await host.createDatabase(host.superuser ? { owner: roles.maker } : {})
}

/** Makes a database, a copy of `template` if that is given, that has the live one's owner and rights. */
export async function createOwned(
  host: ShadowHost,
  roles: ShadowRoles,
  source: TemplateSource,
  template?: string,
): Promise<string> {
  const base = template === undefined ? {} : { template }
  if (!roles.hasLiveRoles) {
    return await host.createDatabase(host.superuser ? { ...base, owner: roles.maker } : base)
  }
  const database = await host.createDatabase({ ...base, owner: source.live.databaseOwner })
  // The proof makes Freehold's own schema there, as the runner does on the live database.
  const grantee = quoteIdentifier(source.catalog.currentUser)
  await host.admin.query(`GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${grantee}`)
  return database
}
