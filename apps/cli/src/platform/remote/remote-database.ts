import type { Database, MigrationSet, Plan, Run } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/migrations/problem'
import { readMigrationsFolder } from '@freehold/migrations/read-migrations'
import type { FoundPlatform } from '../find-platform.ts'
import { platformProblems } from '../platform-problems.ts'

/** A database of a service, as the migrations service knows it. */
export interface RemoteDatabase {
  client: FoundPlatform['migrations']
  service: string
  database: Database
}

/** Returns the databases of the service. */
export async function listDatabases(client: FoundPlatform['migrations'], service: string): Promise<Database[]> {
  const databases: Database[] = []
  let cursor: string | null = null
  do {
    const page: { items: Database[]; nextCursor: string | null } = await client.listDatabases({
      params: { serviceId: service },
      query: { limit: 200, ...(cursor === null ? {} : { cursor }) },
    })
    databases.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return databases
}

/** Returns the database of the name, or the only one; throws a Problem where it is not plain which is meant. */
export async function getRemoteDatabase(
  client: FoundPlatform['migrations'],
  service: string,
  name: string | undefined,
): Promise<RemoteDatabase> {
  const databases = await listDatabases(client, service)
  const fitting = name === undefined ? databases : databases.filter((database) => database.name === name)
  const [database, another] = fitting
  if (database === undefined) {
    const what = name === undefined ? 'no database' : `no database ${name}`
    throw new Problem(platformProblems.databaseMissing, `the platform knows ${what} of the service ${service}`)
  }
  if (another !== undefined) {
    const names = fitting.map((each) => each.name).join(', ')
    throw new Problem(platformProblems.databaseUnclear, `the service ${service} has several databases: ${names}`)
  }
  return { client, service, database }
}

/** Uploads the folder; the same content is kept once. */
export async function uploadFolder({ client, service }: RemoteDatabase, folder: string): Promise<MigrationSet> {
  const migrations = await readMigrationsFolder(folder)
  const files = migrations.map(({ id, sql, checksum }) => ({ id, sql, checksum }))
  return await client.uploadMigrationSet({ params: { serviceId: service }, body: { migrations: files } })
}

/** Returns the latest run of the database. */
export async function findLatestRun({ client, service, database }: RemoteDatabase): Promise<Run | undefined> {
  const { items } = await client.listRuns({
    params: { serviceId: service },
    query: { databaseId: database.id, limit: 1 },
  })
  return items[0]
}

/** Returns the plan of a run that has one. */
export async function getPlanOf({ client, service }: RemoteDatabase, run: Run): Promise<Plan> {
  if (run.planId === null) {
    throw new Error(`the run ${run.id} has no plan`)
  }
  return await client.getPlan({ params: { serviceId: service, planId: run.planId } })
}
