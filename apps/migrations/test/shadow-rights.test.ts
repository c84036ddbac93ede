import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plan } from '../src/engine/index.ts'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { readSurroundings } from '../src/engine/rehearse/live-surroundings.ts'
import { openShadow, type Shadow } from '../src/engine/rehearse/shadow.ts'
import { openShadowHost, type ShadowHost } from '../src/engine/rehearse/shadow-host.ts'
import { everyFamily, roles } from './fixtures/every-family.ts'

// On the live server the migrating role may do everything; its name is the one that most superusers have.
let server: Server
let live: Client
let folder: string

beforeAll(async () => {
  server = await startTestServer(18)
  folder = await mkdtemp(path.join(tmpdir(), 'freehold-shadow-rights-'))
  // The servers may run under an account of their own.
  await chmod(folder, 0o777)
  live = await connect({ connectionString: server.url(), applicationName: 'test' })
  await live.query('CREATE ROLE app; CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO app')
})

afterAll(async () => {
  await live.end()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** SQL that makes the file on the server's machine if the session can have it done. */
function program(name: string): string {
  return `COPY (SELECT 1) TO PROGRAM 'touch ${path.join(folder, name)}'`
}

async function wasRun(name: string): Promise<boolean> {
  return await access(path.join(folder, name)).then(
    () => true,
    () => false,
  )
}

async function onHost<T>(shadowUrl: string | undefined, work: (host: ShadowHost) => Promise<T>): Promise<T> {
  if (shadowUrl !== undefined) {
    process.env['FREEHOLD_SHADOW_DATABASE_URL'] = shadowUrl
  }
  const host = await openShadowHost({ serverMajor: 18, liveUrl: server.url() })
  try {
    return await work(host)
  } finally {
    delete process.env['FREEHOLD_SHADOW_DATABASE_URL']
    await host.close()
  }
}

async function shadowOf(host: ShadowHost, change: Partial<Catalog> = {}): Promise<Shadow> {
  const catalog = { ...(await readCatalog(live)), ...change }
  return await openShadow({
    catalog,
    live: await readSurroundings(live),
    schema: 'public',
    replay: async () => [],
    host,
  })
}

/** Statements by which a session that was only lowered becomes what it was before. */
const waysUp = [
  'RESET SESSION AUTHORIZATION',
  'SET SESSION AUTHORIZATION DEFAULT',
  'SET ROLE NONE',
  'RESET ROLE',
  'SET SESSION AUTHORIZATION freehold_shadow',
  'SET ROLE pg_execute_server_program',
  'GRANT pg_execute_server_program TO CURRENT_USER',
  'ALTER ROLE CURRENT_USER SUPERUSER',
]

describe('a session of a shadow', () => {
  it('reads no file and runs no program, whatever its SQL resets, on a server of its own or a given one', async () => {
    const given = await startTestServer(18)
    for (const url of [undefined, given.url()]) {
      await onHost(url, async (host) => {
        const shadow = await shadowOf(host)
        const sessions = [(await shadow.createCopy()).client]
        await shadow.fill(async (client) => void sessions.push(client))
        const { client } = await shadow.createCopy()
        for (const up of waysUp) {
          await client.query(up).catch(() => {})
          await expect(client.query(program('session'))).rejects.toMatchObject({ code: '42501' })
          await expect(client.query("SELECT pg_read_file('/etc/passwd')")).rejects.toMatchObject({ code: '42501' })
          const { rows } = await client.query(
            'SELECT rolsuper AS super, rolname AS name FROM pg_roles WHERE rolname IN (session_user, current_user)',
          )
          expect(rows.every((row) => !row.super)).toBe(true)
        }
        await shadow.close()
      })
    }
    await given.stop()
    expect(await wasRun('session')).toBe(false)
  })

  it('acts on the live database’s objects as the live role, which may be a superuser there', async () => {
    await onHost(undefined, async (host) => {
      const shadow = await shadowOf(host)
      expect(shadow.hasLiveRoles).toBe(true)
      const { client } = await shadow.createCopy()
      await client.query(
        'ALTER TABLE orders ADD COLUMN total int; CREATE TABLE own (); SET session_replication_role = replica',
      )
      const { rows } = await client.query(
        "SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname IN ('own', 'orders') ORDER BY 1",
      )
      expect(rows).toEqual([
        { relname: 'orders', owner: 'app' },
        { relname: 'own', owner: 'postgres' },
      ])
      await shadow.close()
    })
  })
})

describe('a migration', () => {
  it('that needs a superuser is refused with that reason, whatever the live role is', async () => {
    const migrationsFolder = path.join(folder, 'migrations')
    await mkdir(path.join(migrationsFolder, '1_extension'), { recursive: true })
    await writeFile(path.join(migrationsFolder, '1_extension/migration.sql'), 'CREATE EXTENSION pageinspect')
    const { plan: made } = await plan({
      databaseUrl: server.url(),
      migrationsFolder,
      schema: 'public',
      onFact: () => {},
      signal: new AbortController().signal,
    })
    expect(made?.refusals).toMatchObject([{ why: 'rule', reason: expect.stringContaining("a superuser's rights") }])
  })
})

describe('the live schema', () => {
  it('is made with its owners and rights, whatever families its objects are of', async () => {
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(roles.replace('create role app;', '').replace('create role app login;', 'alter role app login;'))
    await admin.query('CREATE DATABASE every TEMPLATE template0')
    await admin.end()
    const every = await connect({ connectionString: server.url('every'), applicationName: 'test' })
    await every.query(everyFamily(18))
    // What could bring the server down where it is made by somebody that is not to be trusted.
    await every.query(`DROP AGGREGATE app.ordered(float8 ORDER BY anyelement); DROP OPERATOR FAMILY app.spare USING btree;
      DROP OPERATOR FAMILY app.pair_ops USING hash CASCADE`)
    await onHost(undefined, async (host) => {
      const catalog = await readCatalog(every)
      const options = { catalog, live: await readSurroundings(every), schema: 'public', replay: async () => [], host }
      const shadow = await openShadow(options)
      expect(shadow.hasLiveRoles).toBe(true)
      await shadow.close()
    })
    await every.end()
  })

  it('runs no code as a superuser while it is made on the shadow, however it is put', async () => {
    await live.query(`
      CREATE FUNCTION work() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${program('function')}; END $$;
      CREATE FUNCTION way_up(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN PERFORM public.work(); RETURN 1; EXCEPTION WHEN insufficient_privilege THEN RETURN 1; END $$;`)
    await onHost(undefined, async (host) => {
      await live.query('CREATE TABLE checked (id int); ALTER TABLE checked ADD CHECK (way_up(1) = 1)')
      expect(await wasRun('function')).toBe(true)
      await rm(path.join(folder, 'function'))
      const shadow = await shadowOf(host)
      await shadow.close()
      expect(await wasRun('function')).toBe(false)
      await live.query('DROP TABLE checked')

      const catalog = await readCatalog(live)
      const routine = catalog.functions.find(({ name }) => name === 'way_up')
      const none: string[] = []
      const other = { drop: '', owner: none, acl: none, roles: none, when: 'early' as const }
      const hostile: Partial<Catalog>[] = [
        { functions: [{ ...(routine as NonNullable<typeof routine>), definition: program('hostile') }] },
        {
          functions: [
            {
              ...(routine as NonNullable<typeof routine>),
              identityArguments: `int) OWNER TO app; ${program('hostile')}; --`,
            },
          ],
        },
        { others: [{ ...other, family: 'server', key: 's', ddl: [program('hostile')] }] },
        {
          others: [
            {
              ...other,
              family: 'foreign data wrapper',
              key: 'w',
              ddl: ['CREATE FOREIGN DATA WRAPPER w VALIDATOR public.way_up'],
            },
          ],
        },
        {
          others: [
            { ...other, family: 'server', key: 's', ddl: [`COMMENT ON TABLE orders IS ''; ${program('hostile')}`] },
          ],
        },
        {
          others: [
            {
              ...other,
              family: 'event trigger',
              key: 'e',
              ddl: [`DO $$ BEGIN ${program('hostile').replaceAll("'", "''")}; END $$`],
            },
          ],
        },
        { functions: [{ ...(routine as NonNullable<typeof routine>), owner: 'pg_execute_server_program' }] },
      ]
      for (const change of hostile) {
        await expect(shadowOf(host, change)).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_SHADOW' } })
      }
      // What would belong to the superuser belongs to nobody in particular.
      const owned = await shadowOf(host, {
        functions: [{ ...(routine as NonNullable<typeof routine>), owner: host.user }],
      })
      expect(owned.hasLiveRoles).toBe(false)
      await owned.close()
      expect(await wasRun('hostile')).toBe(false)
    })
  })
})
