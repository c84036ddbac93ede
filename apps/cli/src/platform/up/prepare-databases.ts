// A database a service, not only a schema: a run of the engine keeps its journal, its lease and its one open window in
// the database, so that services that share one would wait for each other's migrations, and the second migrator could
// not use the journal of the first.

import { ensurePrismaTable } from '@freehold/migrations/prisma-table'
import { type Client, connect, quoteIdentifier, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { installEventsLog } from '@freehold/service/events'
import { eventsLogUrl } from '../resources.ts'
import type { Secrets } from '../secrets.ts'
import { eventsOwner, migratorOf, type OwnService, operatorRole, ownServices } from './own-services.ts'

const applicationName = 'freehold-up'
export const eventsDatabase = 'events'

type ServerUrls = Pick<Server, 'url'>
/** Returns the URL with which a role opens a database. */
export type UrlOf = (database: string, role: string) => string

/** Returns the function that gives a role's URL, its password in it. */
export function createUrlOf(server: ServerUrls, { passwords }: Secrets): UrlOf {
  return (database, role) => {
    const url = new URL(server.url(database, role))
    url.username = role
    url.password = passwords[role] ?? ''
    return url.href
  }
}

/** Makes everything on the embedded server: the services' own databases, and that of the events log. */
export async function prepareDatabases(server: ServerUrls, secrets: Secrets): Promise<void> {
  await prepareServices({ adminUrlOf: server.url, passwords: secrets.passwords, guests: [operatorRole] })
  await withSession(server.url('postgres'), async (admin) => {
    await ensureDatabase(admin, eventsDatabase, { owner: eventsOwner, guests: [...ownServices, operatorRole] })
  })
  await installEventsLog({
    connectionString: createUrlOf(server, secrets)(eventsDatabase, eventsOwner),
    services: [...ownServices],
    sqlUrl: eventsLogUrl,
  })
}

export interface ServicesPreparation {
  /** URL of a database as the superuser. */
  adminUrlOf(database: string): string
  /** Of every role that there is to be. */
  passwords: Readonly<Record<string, string>>
  /** Roles that may connect to each service's database besides its own. */
  guests: string[]
}

/**
 * Makes roles, and each service's database and schema, where they are missing, and gives each role what it needs and no
 * more. On a server that is Freehold's own: nobody else may connect to the databases that come with it.
 */
export async function prepareServices({ adminUrlOf, passwords, guests }: ServicesPreparation): Promise<void> {
  await withSession(adminUrlOf('postgres'), async (admin) => {
    for (const [role, password] of Object.entries(passwords)) {
      await ensureRole(admin, role, password)
    }
    await admin.query('REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC')
    for (const service of ownServices) {
      await ensureDatabase(admin, service, { owner: migratorOf(service), guests: [service, ...guests] })
    }
  })
  await Promise.all(ownServices.map(async (service) => await prepareSchema(adminUrlOf(service), service)))
}

/** Lets the operator's role see how far the events and the schemas are; the tables have to be there. */
export async function admitOperator(server: ServerUrls): Promise<void> {
  const operator = quoteIdentifier(operatorRole)
  for (const service of ownServices) {
    await withSession(server.url(service), async (session) => {
      const table = (name: string): string => quoteQualified(service, name)
      const { rowCount } = await session.query('SELECT WHERE to_regclass($1) IS NOT NULL', [table('dead_letters')])
      // Who consumes nothing has no dead letters.
      const seen = ['outbox', '_prisma_migrations', ...(rowCount === 0 ? [] : ['dead_letters'])].map(table).join(', ')
      await session.query(`GRANT USAGE ON SCHEMA ${quoteIdentifier(service)} TO ${operator}`)
      await session.query(`GRANT SELECT ON ${seen} TO ${operator}`)
    })
  }
  await withSession(server.url(eventsDatabase), async (session) => {
    await session.query(`GRANT USAGE ON SCHEMA events TO ${operator}`)
    await session.query(`GRANT SELECT ON events.topics, events.partitions, events.records TO ${operator}`)
    await session.query(`GRANT EXECUTE ON FUNCTION events.describe_groups TO ${operator}`)
  })
}

async function prepareSchema(url: string, service: OwnService): Promise<void> {
  const [schema, migrator] = [quoteIdentifier(service), quoteIdentifier(migratorOf(service))]
  const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${migrator} IN SCHEMA ${schema}`
  await withSession(url, async (session) => {
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${migrator}`)
    await session.query(`GRANT USAGE ON SCHEMA ${schema} TO ${schema}`)
    await session.query(`${defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${schema}`)
    await session.query(`${defaults} GRANT USAGE ON SEQUENCES TO ${schema}`)
    // What was applied is the migrator's word; default privileges give this table away as they do the others.
    await session.query(`SET ROLE ${migrator}`)
    await ensurePrismaTable(session, service)
    await session.query(`REVOKE ALL ON ${quoteQualified(service, '_prisma_migrations')} FROM ${schema}`)
  })
}

async function ensureRole(admin: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  await admin.query(`${verb} ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(password)}`)
}

async function ensureDatabase(
  admin: Client,
  database: string,
  { owner, guests }: { owner: string; guests: string[] },
): Promise<void> {
  const name = quoteIdentifier(database)
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (rowCount === 0) {
    await admin.query(`CREATE DATABASE ${name}`)
  }
  await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
  await admin.query(`GRANT ALL ON DATABASE ${name} TO ${quoteIdentifier(owner)}`)
  await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${guests.map(quoteIdentifier).join(', ')}`)
}

async function withSession(connectionString: string, work: (session: Client) => Promise<void>): Promise<void> {
  const session = await connect({ connectionString, applicationName })
  try {
    await work(session)
  } finally {
    await session.end()
  }
}
