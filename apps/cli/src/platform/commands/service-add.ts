import path from 'node:path'
import { ContractProblem } from '@freehold/contracts-base'
import type { Contract } from '@freehold/contracts-catalog'
import { findMigrationsFolder } from '@freehold/migrations/find-folder'
import { Problem, problems } from '@freehold/migrations/problem'
import { readMigrationsFolder } from '@freehold/migrations/read-migrations'
import { parseDatabaseUrl } from '@freehold/postgres'
import { exitCodes } from '../../exit-codes.ts'
import { countOf } from '../../render/quantities.ts'
import { printable } from '../../render/text.ts'
import { findDatabaseUrl } from '../../target-options.ts'
import type { ServiceAdded } from '../documents/service-documents.ts'
import { type FoundPlatform, getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions, PlatformContext } from '../platform-command.ts'
import { findRevision, readContract, readServiceFolder, type ServiceFolder } from '../read-service-folder.ts'

interface ServiceAddOptions extends PlatformCommandOptions {
  name?: string
  databaseUrl?: string
  database: string
  schema?: string
}

type Migrations = Awaited<ReturnType<typeof readMigrationsFolder>>

/** Makes a service known from its folder; run again it brings everything up to date. */
export const runServiceAdd: PlatformCommand<ServiceAddOptions> = async (context, options, [given = '.']) => {
  const { surroundings, paint } = context
  const platform = await getPlatform(options, surroundings)
  const service = await readServiceFolder(platform, path.resolve(surroundings.folder, given), options.name)
  const migrations = await readMigrations(service)
  const contracts = await readContracts(service)
  const connection = await findConnection(context, options)
  const strategy = await register(platform, service)
  const document: ServiceAdded = {
    serviceId: service.serviceId,
    ...strategy,
    release: await registerRelease(platform, service, migrations, contracts),
    migrationSet: await upload(platform, service, migrations),
    database:
      connection === undefined ? null : await registerDatabase(platform, service.serviceId, options, connection),
  }
  return { document, text: render(document, paint.green), exitCode: exitCodes.done }
}

async function readMigrations({ folder, file }: ServiceFolder): Promise<Migrations> {
  const named = file.migrate?.path
  const found = named === undefined ? await findMigrationsFolder(folder) : path.join(folder, named)
  try {
    return await readMigrationsFolder(found)
  } catch (error) {
    if (named === undefined && error instanceof Problem && error.definition === problems.folderNotFound) {
      // A service without a database of its own.
      return []
    }
    throw error
  }
}

async function readContracts({ folder, strategy }: ServiceFolder): Promise<Contract[]> {
  const { api, events } = strategy
  const named: [Contract['kind'], string, string][] = Object.entries(events.contracts).map(([type, file]) => [
    'event',
    type,
    file,
  ])
  if (api.contract !== null) {
    named.unshift(['openapi', 'api', api.contract])
  }
  return await Promise.all(
    named.map(async ([kind, name, file]) => ({ kind, name, document: await readContract(folder, file) })),
  )
}

/** Returns how the database is reached, from the option, the environment, or a person who is asked. */
async function findConnection({ surroundings, signal }: PlatformContext, options: ServiceAddOptions) {
  const given = findDatabaseUrl(options, surroundings.env)
  const url =
    given ?? (await surroundings.askSecret?.('URL of its database (not shown; empty for none):', signal)) ?? undefined
  if (url === undefined) {
    return undefined
  }
  if (/^(?:env|file):/.test(url)) {
    return { connection: { reference: url }, schema: options.schema ?? 'public' }
  }
  try {
    return { connection: { url }, schema: options.schema ?? parseDatabaseUrl(url).schema }
  } catch (error) {
    throw new Problem(problems.urlInvalid, error instanceof Error ? error.message : String(error), {}, error)
  }
}

type Connection = NonNullable<Awaited<ReturnType<typeof findConnection>>>

async function register({ catalog }: FoundPlatform, { serviceId, text }: ServiceFolder) {
  try {
    const { strategyVersion } = await catalog.registerService({ body: { serviceId, text } })
    return { isNew: true, strategyVersion }
  } catch (error) {
    if (!(error instanceof ContractProblem) || error.code !== 'FHD_CATALOG_SERVICE_EXISTS') {
      throw error
    }
    const { version } = await catalog.applyStrategy({ params: { serviceId }, body: { text } })
    return { isNew: false, strategyVersion: version }
  }
}

/** A folder that says which version it holds, in a repository that says which revision, is a release. */
async function registerRelease(
  { catalog }: FoundPlatform,
  { folder, serviceId, file }: ServiceFolder,
  migrations: Migrations,
  contracts: Contract[],
): Promise<ServiceAdded['release']> {
  const revision = await findRevision(folder)
  if (file.version === undefined || revision === undefined) {
    return null
  }
  const release = await catalog.registerRelease({
    params: { serviceId },
    body: {
      version: file.version,
      revision,
      artefact: `git:${revision}`,
      contracts,
      migrations: migrations.map(({ id, checksum }) => ({ id, checksum })),
    },
  })
  return { version: release.version, contracts: release.contracts.length }
}

async function upload(
  { migrations: client }: FoundPlatform,
  { serviceId }: ServiceFolder,
  migrations: Migrations,
): Promise<ServiceAdded['migrationSet']> {
  if (migrations.length === 0) {
    return null
  }
  const files = migrations.map(({ id, sql, checksum }) => ({ id, sql, checksum }))
  const { id } = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations: files } })
  return { id, migrations: files.length }
}

async function registerDatabase(
  { migrations: client }: FoundPlatform,
  serviceId: string,
  { database: name }: ServiceAddOptions,
  { connection, schema }: Connection,
): Promise<NonNullable<ServiceAdded['database']>> {
  const params = { serviceId }
  const { items } = await client.listDatabases({ params, query: { limit: 200 } })
  const known = items.find((each) => each.name === name)
  const { id, address } =
    known === undefined
      ? await client.registerDatabase({ params, body: { name, schema, connection } })
      : await client.changeDatabase({ params: { ...params, databaseId: known.id }, body: { connection } })
  return { id, name, address: address === null ? null : `${address.database} on ${address.host}:${address.port}` }
}

function render(added: ServiceAdded, paint: (text: string) => string): string {
  const { serviceId, isNew, strategyVersion, release, migrationSet, database } = added
  const lines = [
    paint(
      `${serviceId} is ${isNew ? 'known to' : 'up to date on'} the platform, strategies in version ${strategyVersion}.`,
    ),
  ]
  if (release !== null) {
    lines.push(`  release     ${release.version} with ${countOf(release.contracts, 'contract')}`)
  }
  if (migrationSet !== null) {
    lines.push(`  migrations  ${migrationSet.migrations}`)
  }
  if (database !== null) {
    lines.push(`  database    ${database.name}${database.address === null ? '' : `: ${printable(database.address)}`}`)
    lines.push(`freehold migrate deploy --service ${serviceId} runs what is pending.`)
  }
  return `${lines.join('\n')}\n`
}
