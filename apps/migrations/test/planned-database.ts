/** A database with rows and a migration planned for it, whose steps a test carries out phase by phase. */
import { type Client, connect } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { readSizes } from '../src/engine/inspect/read-sizes.ts'
import { parseMigration } from '../src/engine/parse/parse-migration.ts'
import { splitStatement } from '../src/engine/parse/split-statement.ts'
import type { Plan } from '../src/engine/plan/plan.ts'
import { planMigrations } from '../src/engine/plan/plan-migrations.ts'
import { rehearseMigrations } from '../src/engine/rehearse/rehearse-migrations.ts'
import { executePlainly } from '../src/engine/run/execute-plainly.ts'

/** A database that the role `owner` owns without being a superuser, and on which `app` has rights on rows only. */
export interface PlannedDatabase {
  plan: Plan
  before: Catalog
  /** The catalog of the plain run. */
  plain: Catalog
  owner: Client
  app: Client
  expand(): Promise<void>
  undo(): Promise<void>
  contract(): Promise<void>
  close(): Promise<void>
}

let databases = 0

/** Makes the roles that planned databases need; once a server. */
export async function createRoles(server: Server): Promise<void> {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN')
  await admin.end()
}

/** Makes a database with the schema and rows, runs the migration plainly on a copy, and plans it. */
export async function planDatabase(server: Server, schema: string, migration: string): Promise<PlannedDatabase> {
  databases += 1
  const name = `planned_${databases}`
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE DATABASE ${name} OWNER owner`)
  const connectTo = (database: string, user: string): Promise<Client> =>
    connect({
      connectionString: server.url(database, user),
      applicationName: 'test',
      settings: { search_path: 'public' },
    })
  const maker = await connectTo(name, 'postgres')
  await maker.query('ALTER SCHEMA public OWNER TO owner')
  await maker.end()
  const preparing = await connectTo(name, 'owner')
  await preparing.query(schema)
  await preparing.query(
    'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app',
  )
  await preparing.end()
  await admin.query(`CREATE DATABASE ${name}_plain TEMPLATE ${name} OWNER owner`)
  const owner = await connectTo(name, 'owner')
  const app = await connectTo(name, 'app')
  const shadow = await connectTo(`${name}_plain`, 'owner')
  const before = await readCatalog(owner)
  const sizes = await readSizes(owner, before)
  const migrations = [{ id: 'migration', checksum: 'none', sql: migration }]
  const statements = (await Promise.all(migrations.map(parseMigration))).flat()
  const rehearsal = await rehearseMigrations(
    shadow,
    statements.map((statement) => ({ statement, units: splitStatement(statement) })),
    { isTolerated: () => false },
  )
  await shadow.end()
  if (rehearsal.failure !== null) {
    throw new Error(`the migration fails plainly: ${rehearsal.failure.error.message}`)
  }
  const plan = planMigrations({
    migrations,
    rehearsal,
    catalog: before,
    sizes,
    schema: 'public',
    briefTableBytes: 0,
    order: 'phased',
  })
  const steps = (isContract: boolean) => plan.steps.filter(({ phase }) => (phase === 'contract') === isContract)
  const close = async (): Promise<void> => {
    await Promise.all([owner.end(), app.end()])
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.query(`DROP DATABASE ${name}_plain WITH (FORCE)`)
    await admin.end()
  }
  return {
    plan,
    before,
    plain: rehearsal.after,
    owner,
    app,
    expand: async () => void (await executePlainly(owner, steps(false), 'do')),
    undo: async () => void (await executePlainly(owner, steps(false), 'undo')),
    contract: async () => void (await executePlainly(owner, steps(true), 'do')),
    close,
  }
}
