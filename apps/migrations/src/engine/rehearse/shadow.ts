/**
 * Shadow databases of one live schema: each copy equals it, holds no row of it, and is thrown away. The session of a
 * copy acts as the live database's migrating role, under that role's settings, and is never a superuser's.
 *
 * Where the shadow server lends no superuser, or has a superuser of a live role's name, the session acts as another
 * role: owners, rights and row security are then not rehearsed, and a statement that depends on them is first met on
 * the live database.
 */
import { type Client, quoteLiteral, quoteQualified, sqlstateOf } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { Problem, problems } from '../problem.ts'
import {
  createOwned,
  prepareTemplate,
  ShadowNotBuiltError,
  type Template,
  type TemplateSource,
  takeSettings,
  templateKey,
} from './build-shadow.ts'
import type { LiveSurroundings } from './live-surroundings.ts'
import { openShadowHost, type ShadowHost } from './shadow-host.ts'
import { prepareRoles, type ShadowRoles } from './shadow-roles.ts'

export interface ShadowCopy {
  client: Client
  /** Ends the session and drops the database. */
  drop(): Promise<void>
}

export interface Shadow {
  /** The shadow server's time before the first row was made; made rows are older than any value of now(). */
  startedAt: Date
  /** Makes a database equal to the live schema, with the rows of the last `fill`. */
  createCopy(): Promise<ShadowCopy>
  /**
   * Lets `work` put rows into a fresh database that every later copy is a copy of, volatile values and sequences
   * included. Called again, it starts anew without rows.
   */
  fill<T>(work: (client: Client) => Promise<T>): Promise<T>
  /**
   * Keeps the copy, without its rows, as the template of the schema that it ends in, for the next plan starts there.
   * Only on a server that outlives the shadow.
   */
  keepAs(copy: ShadowCopy, after: Catalog): Promise<void>
  /** False where owners and rights are not those of the live database. */
  hasLiveRoles: boolean
  /** Drops every copy; the host stays open. */
  close(): Promise<void>
}

export interface ShadowOptions {
  catalog: Catalog
  live: LiveSurroundings
  /** Schema of the database URL, the search_path of every session. */
  schema: string
  /** Gives the SQL of the applied migrations in order, for a catalog that cannot be rendered as DDL. */
  replay(): Promise<string[]>
  /** Used and left open. */
  host: ShadowHost
  /** Aborted when the plan is given up; no session is opened then any more. */
  signal?: AbortSignal
}

/** Builds the shadow's template. Throws the Problem shadowNotBuilt, which names the object in the way. */
export async function openShadow(options: ShadowOptions): Promise<Shadow> {
  const source: TemplateSource = { catalog: options.catalog, live: options.live, replay: options.replay }
  const roles = await prepareRoles(options.host, source)
  try {
    const template = await prepareTemplate(options.host, roles, source)
    const startedAt = await timeOf(options.host)
    return shadowOn({ ...options, roles, source, template }, startedAt)
  } catch (error) {
    await roles.drop()
    throw toProblem(error)
  }
}

/** Opens the server that shadows are made on. Throws the Problem shadowNotBuilt. */
export async function openHost(options: { serverMajor: number; liveUrl: string }): Promise<ShadowHost> {
  return await openShadowHost(options).catch((error: unknown) => {
    if (error instanceof Problem) {
      throw error
    }
    throw new Problem(problems.shadowNotBuilt, `no shadow server could be opened: ${messageOf(error)}`, {}, error)
  })
}

async function timeOf(host: ShadowHost): Promise<Date> {
  const { rows } = await host.admin.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  if (rows[0] === undefined) {
    throw new Error('the shadow server did not tell its time')
  }
  return rows[0].now
}

function toProblem(error: unknown): unknown {
  if (!(error instanceof ShadowNotBuiltError)) {
    return error
  }
  const lines = error.differences.slice(0, 10).map(({ object, what, expected, found }) => {
    return `${object}: ${what} is ${found ?? 'absent'} on the shadow, ${expected ?? 'absent'} on the live database`
  })
  return new Problem(problems.shadowNotBuilt, error.message, { lines }, error)
}

/** Takes every row out, and what Freehold itself has made; false where the session's role may not. */
async function emptyDatabase(client: Client, catalog: Catalog): Promise<boolean> {
  const tables = catalog.relations
    .filter(({ kind }) => kind === 'table')
    .map(({ schema, name }) => quoteLiteral(quoteQualified(schema, name)))
  try {
    await client.query('RESET ALL; DROP SCHEMA IF EXISTS freehold CASCADE')
    const filled = `SELECT name FROM unnest(ARRAY[${tables.join(', ')}]::text[]) AS given (name) WHERE pg_relation_size(name::regclass) > 0`
    const { rows } = await client.query<{ name: string }>(filled)
    if (rows.length > 0) {
      await client.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')} CASCADE`)
    }
    return (await client.query(filled)).rows.length === 0
  } catch (error) {
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    return false
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

interface Ground {
  host: ShadowHost
  roles: ShadowRoles
  source: TemplateSource
  schema: string
  template: Template
  signal?: AbortSignal
}

function shadowOn({ host, roles, source, schema, template, signal }: Ground, startedAt: Date): Shadow {
  const open = new Set<ShadowCopy>()
  let filled: string | undefined
  const openCopy = async (session: ShadowRoles['openOwner']): Promise<ShadowCopy & { database: string }> => {
    const database = await createOwned(host, roles, source, filled ?? template.database)
    const client = await session(database)
    await takeSettings(client, source.catalog, schema)
    const copy = {
      client,
      database,
      async drop(): Promise<void> {
        open.delete(copy)
        await client.end()
        await host.dropDatabase(database)
      },
    }
    open.add(copy)
    // Sessions that are there when the plan is given up are ended; this one may have come too late for that.
    if (signal?.aborted) {
      await copy.drop()
      signal.throwIfAborted()
    }
    return copy
  }
  return {
    startedAt,
    hasLiveRoles: roles.hasLiveRoles,
    createCopy: async () => await openCopy(roles.openOwner),
    async fill(work) {
      const previous = filled
      filled = undefined
      if (previous !== undefined) {
        await host.dropDatabase(previous)
      }
      const copy = await openCopy(roles.openFiller)
      try {
        const result = await work(copy.client)
        open.delete(copy)
        await copy.client.end()
        filled = copy.database
        return result
      } catch (error) {
        await copy.drop()
        throw error
      }
    },
    async keepAs(copy, after) {
      if (host.kind === 'embedded' || !roles.hasLiveRoles || !(await emptyDatabase(copy.client, after))) {
        return
      }
      const { database } = copy as ShadowCopy & { database: string }
      open.delete(copy)
      await copy.client.end()
      const { settings, currentUser, serverVersionNum } = source.catalog
      await host.keep(database, templateKey({ ...after, settings, currentUser, serverVersionNum }))
    },
    async close() {
      for (const copy of [...open]) {
        await copy.drop()
      }
      if (filled !== undefined) {
        await host.dropDatabase(filled)
      }
      if (!template.isKept) {
        await host.dropDatabase(template.database)
      }
      await roles.drop()
    },
  }
}
