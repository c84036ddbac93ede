/** The databases that one history is judged on. */
import type { Target } from '@freehold/migrations/engine'
import type { Catalog } from '@freehold/migrations/testing'
import { type Client, connect, quoteIdentifier, sqlstateOf } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import type { CorpusMigration } from './corpus.ts'

/** Owns the databases without being a superuser. */
export const owner = 'corpus_owner'

export interface Bench {
  folder: string
  admin: Client
  server: Server
  writers: boolean
  plain: string
  online: string
  /** A copy of the plain one, for files that commit on their own. */
  before: string
  /** A copy of the plain one, on which writes are made up and tried. */
  scratch: string
  /** The plain database's schema, from the last comparison until something changes it. */
  known: Catalog | undefined
}

/** Makes the database anew, as a copy of the template. */
export async function createDatabase(bench: Bench, name: string, template = 'template0'): Promise<void> {
  await dropDatabase(bench.admin, name)
  await bench.admin.query(
    `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)} OWNER ${owner}`,
  )
}

/** Drops the database if it is there, with its sessions. */
export async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
}

/** Returns a session of the role's. */
export async function open(bench: Bench, database: string, role = owner): Promise<Client> {
  const client = await connect({
    connectionString: bench.server.url(database, role),
    applicationName: 'freehold corpus',
  })
  await client.query(`SET search_path TO public`)
  return client
}

/** Runs the file as one simple query, as Prisma does; extensions need rights that the owner may lack, so it is given them. */
export async function runPlainly(bench: Bench, database: string, migration: CorpusMigration): Promise<string | null> {
  bench.known = undefined
  const client = await open(bench, database)
  try {
    await client.query(migration.sql)
    return null
  } catch (error) {
    const state = sqlstateOf(error)
    if (state === undefined) {
      throw error
    }
    return state
  } finally {
    await client.end()
  }
}

/** Returns the database as the engine's commands take it. */
export function targetOf(bench: Bench, database: string): Target {
  return {
    databaseUrl: bench.server.url(database, owner),
    migrationsFolder: bench.folder,
    schema: 'public',
    onFact: () => {},
    signal: new AbortController().signal,
  }
}
