import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngine } from '../../../tools/prisma-engine/open-engine.ts'
import { migratePlainly, migrationsFolder, prepareDatabase } from './open-catalog.ts'

const root = path.resolve(import.meta.dirname, '../../..')
let server: Server

beforeAll(async () => {
  server = await startTestServer(18)
})
afterAll(() => server.stop())

/** Returns what the schema holds: columns, constraints, indexes, functions and the rights of the service's role. */
async function describeSchema(connectionString: string): Promise<string[]> {
  const client = await connect({ connectionString, applicationName: 'test' })
  const { rows } = await client.query<{ line: string }>(`
    SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid)) AS line
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
      WHERE c.relnamespace = 'catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'catalog'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'catalog'
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'catalog'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'catalog'::regnamespace AND NOT tgisinternal
    UNION ALL SELECT format('%s %s', table_name, string_agg(privilege_type, ',' ORDER BY privilege_type))
      FROM information_schema.role_table_grants WHERE grantee = 'catalog' AND table_schema = 'catalog' GROUP BY table_name
    ORDER BY line`)
  await client.end()
  return rows.map(({ line }) => line).filter((line) => !line.includes('_prisma_migrations'))
}

describe('the schema of the catalog', () => {
  it('is the same by freehold migrate deploy, by Prisma and by the files as written', async () => {
    const byFreehold = await prepareDatabase(server, 'by_freehold')
    const command = ['apps/cli/src/main.ts', 'migrate', 'deploy', '--database-url', byFreehold.migratorUrl]
    const { stdout } = await promisify(execFile)(process.execPath, [...command, '--migrations', migrationsFolder], {
      cwd: root,
    })
    expect(stdout).toContain('2 migrations applied')

    const byPrisma = await prepareDatabase(server, 'by_prisma')
    const engine = await openEngine(`${byPrisma.migratorUrl}&options=-c%20search_path%3Dcatalog`, 'catalog')
    expect(await engine.applyMigrations(migrationsFolder)).toHaveLength(2)
    await engine.close()

    const byHand = await prepareDatabase(server, 'by_hand')
    await migratePlainly(byHand.migratorUrl)
    const written = await describeSchema(byHand.adminUrl)
    expect(written.length).toBeGreaterThan(100)
    expect(await describeSchema(byFreehold.adminUrl)).toEqual(written)
    expect(await describeSchema(byPrisma.adminUrl)).toEqual(written)
  })

  it('has the outbox as every service has it', async () => {
    const migration = await readFile(path.join(migrationsFolder, '20261124000000_begin/migration.sql'), 'utf8')
    expect(migration).toContain(await readFile(path.join(root, 'libs/service/sql/outbox.sql'), 'utf8'))
  })

  it('has the tables and columns that schema.prisma describes, and no other', async () => {
    const prisma = await readFile(path.join(root, 'migrations/catalog/schema.prisma'), 'utf8')
    const described = [...prisma.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].flatMap(([, table, body = '']) =>
      body
        .split('\n')
        .map((line) => /^ {2}(\w+) +(String|Int|BigInt|DateTime|Json|Bytes)(\?)?/.exec(line))
        .flatMap((match) => (match === null ? [] : [`${table}.${match[1]} ${match[3] === undefined}`])),
    )
    const { migratorUrl, adminUrl } = await prepareDatabase(server, 'described')
    await migratePlainly(migratorUrl)
    const client = await connect({ connectionString: adminUrl, applicationName: 'test' })
    const { rows } = await client.query<{ column: string }>(
      `SELECT format('%s.%s %s', table_name, column_name, is_nullable = 'NO') AS column
       FROM information_schema.columns WHERE table_schema = 'catalog'`,
    )
    await client.end()
    const found = rows.map(({ column }) => column.replace(/ t$/, ' true').replace(/ f$/, ' false'))
    expect(found.sort()).toEqual(described.sort())
  })
})
