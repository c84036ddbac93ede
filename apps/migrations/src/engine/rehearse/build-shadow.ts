import { createHash } from 'node:crypto'
import { type Client, connect, quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { compareCatalogs, type Difference } from '../inspect/compare-catalogs.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { renderCatalog, rolesOf } from '../inspect/render-catalog.ts'
import { adaptToHost } from './adapt-catalog.ts'
import type { LiveSurroundings } from './live-surroundings.ts'
import type { ShadowHost } from './shadow-host.ts'

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

/**
 * Returns the name of a database on the shadow host whose catalog was read back and is equal to the given one; it
 * serves as a template, holds no row, and must not be connected to. Where the host lends no superuser, owners, rights
 * and what else differs by place are those of the host.
 */
export async function prepareTemplate(host: ShadowHost, source: TemplateSource): Promise<string> {
  const key = templateKey(source.catalog)
  const kept = await host.findKept(key)
  await checkHost(host, source.catalog)
  if (host.superuser && host.kind !== 'live') {
    await createRoles(host, source)
  }
  if (kept !== undefined) {
    return kept
  }
  const wanted = host.superuser ? source.catalog : adaptToHost(source.catalog, host.user)
  const rendered = await build(host, source, wanted, [renderCatalog(wanted).join(';\n')], 'host')
  if ('database' in rendered) {
    return await host.keep(rendered.database, key)
  }
  const replayed = await build(host, source, wanted, await source.replay(), 'owner')
  if ('database' in replayed) {
    return await host.keep(replayed.database, key)
  }
  throw rendered.error
}

/** Identifies a catalog with what differs by place, for a shadow is rehearsed with the live owners and rights. */
export function templateKey(catalog: Catalog): string {
  const relations = catalog.relations.map((relation) => ({ ...relation, oid: 0 }))
  const withoutOids = { ...catalog, relations, dependencies: [] }
  return createHash('sha256').update(JSON.stringify(withoutOids)).digest('hex')
}

/** Lets the session act as the live database's migrating role, with its settings and the URL's schema in front. */
export async function becomeOwner(client: Client, host: ShadowHost, catalog: Catalog, schema: string): Promise<void> {
  const settings = Object.entries({ ...catalog.settings, search_path: quoteIdentifier(schema) })
    .filter(([name]) => !ownLimits.has(name))
    .map(([name, value]) => `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`)
  const role = host.superuser ? [`SET SESSION AUTHORIZATION ${quoteIdentifier(catalog.currentUser)}`] : []
  await client.query([...role, `SELECT ${settings.join(', ')}`].join('; '))
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
  source: TemplateSource,
  wanted: Catalog,
  scripts: string[],
  as: 'host' | 'owner',
): Promise<{ database: string } | { error: ShadowNotBuiltError }> {
  const database = await createOwned(host, source)
  const client = await connect({ connectionString: host.url(database), applicationName: 'freehold shadow' })
  try {
    if (as === 'owner') {
      await becomeOwner(client, host, source.catalog, 'public')
    }
    for (const script of scripts) {
      await client.query(script)
    }
    await client.query('RESET SESSION AUTHORIZATION; RESET ALL')
    await becomeOwner(client, host, source.catalog, 'public')
    const read = await readCatalog(client)
    const found = host.superuser ? read : adaptToHost(read, host.user)
    const differences = compareCatalogs(wanted, found, { ignorePlace: !host.superuser })
    if (differences.length > 0) {
      const shown = differences.slice(0, 3).map((difference) => `${difference.object} (${difference.what})`)
      throw new ShadowNotBuiltError(`the shadow differs from the live schema in ${shown.join(', ')}`, differences)
    }
    await client.end()
    return { database }
  } catch (error) {
    await client.end().catch(() => {})
    await host.dropDatabase(database)
    if (error instanceof ShadowNotBuiltError) {
      return { error }
    }
    const message = `the live schema could not be built on the shadow: ${(error as Error).message}`
    return { error: new ShadowNotBuiltError(message, [], error) }
  }
}

/** Makes a database, a copy of `template` if that is given, that has the live one's owner and rights. */
export async function createOwned(host: ShadowHost, source: TemplateSource, template?: string): Promise<string> {
  const base = template === undefined ? {} : { template }
  if (!host.superuser) {
    return await host.createDatabase(base)
  }
  const database = await host.createDatabase({ ...base, owner: source.live.databaseOwner })
  // The proof makes Freehold's own schema there, as the runner does on the live database.
  const grantee = quoteIdentifier(source.catalog.currentUser)
  await host.admin.query(`GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${grantee}`)
  return database
}

async function createRoles(host: ShadowHost, { catalog, live }: TemplateSource): Promise<void> {
  const needed = [...rolesOf(catalog), catalog.currentUser, live.databaseOwner, ...live.memberOf]
  const names = [...new Set(host.kind === 'embedded' ? [...needed, ...live.roles] : needed)]
  const { rows } = await host.admin.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)',
    [names],
  )
  const existing = new Set(rows.map((row) => row.name))
  const created = names.filter((name) => !existing.has(name) && name !== 'public' && !name.startsWith('pg_'))
  const statements = created.map((name) => `CREATE ROLE ${quoteIdentifier(name)}`)
  if (host.kind === 'embedded' || created.includes(catalog.currentUser)) {
    statements.push(...attributeStatements(host, catalog.currentUser, live))
  }
  if (statements.length > 0) {
    await host.admin.query(statements.join(';\n'))
  }
}

function attributeStatements(host: ShadowHost, user: string, live: LiveSurroundings): string[] {
  if (user === host.user) {
    // The server's own superuser cannot be made less; a live role of that name is rehearsed with more rights.
    return []
  }
  const attributes = [
    live.superuser ? 'SUPERUSER' : 'NOSUPERUSER',
    live.createRole ? 'CREATEROLE' : 'NOCREATEROLE',
    live.bypassRowSecurity ? 'BYPASSRLS' : 'NOBYPASSRLS',
  ]
  const name = quoteIdentifier(user)
  return [
    `ALTER ROLE ${name} ${attributes.join(' ')}`,
    ...live.memberOf.map((role) => `GRANT ${quoteIdentifier(role)} TO ${name}`),
  ]
}
