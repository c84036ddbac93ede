/**
 * The roles of rehearsals on the shadow server. SQL that Freehold did not write (of migrations, and of the live
 * database's own code and definitions) runs only in sessions that logged in as one of them, and none of them is a
 * superuser or can become one, reads or writes the server's files, or starts programs there.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { type Client, connect, quoteIdentifier, quoteLiteral, sqlstateOf, sqlstates } from '@freehold/postgres'
import { rolesOf } from '../inspect/render-catalog.ts'
import type { TemplateSource } from './build-shadow.ts'
import type { ShadowHost } from './shadow-host.ts'

export interface ShadowRoles {
  /** False where owners and rights are not those of the live database. */
  hasLiveRoles: boolean
  /** The role that schemas are made as; it owns the databases that they are made in. */
  maker: string
  /** Opens a session that makes schemas. */
  openMaker(database: string): Promise<Client>
  /** Opens a session that puts in rows as the live role, and may go past triggers where the server can allow it. */
  openFiller(database: string): Promise<Client>
  /** Opens a session that acts as the live role, with its rights and no others. */
  openOwner(database: string): Promise<Client>
  /** Drops what was made for this shadow alone. */
  drop(): Promise<void>
}

/** Roles that lead out of the server: a member reads or writes its files, or runs programs as its account. */
export const waysOut = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']

/** Of Postgres' own roles, those whose rights end with the database; a live member of others is rehearsed without. */
const grantable = new Set([
  'pg_read_all_data',
  'pg_write_all_data',
  'pg_maintain',
  'pg_read_all_settings',
  'pg_stat_scan_tables',
])

/** CREATEROLE let a role make itself a member of any role but superusers until 16. */
const createRoleIsBoundedFrom = 16
/** GRANT SET ON PARAMETER came with 15. */
const grantsParametersFrom = 15

/** Makes the roles that rehearsals of the live database need. */
export async function prepareRoles(host: ShadowHost, source: TemplateSource): Promise<ShadowRoles> {
  const open = async (database: string, login?: Login): Promise<Client> => await openSession(host, database, login)
  if (!host.superuser) {
    const asHost = async (database: string): Promise<Client> => await open(database)
    const sessions = { openMaker: asHost, openFiller: asHost, openOwner: asHost }
    return { hasLiveRoles: false, maker: host.user, ...sessions, drop: async () => {} }
  }
  const known = await readRoles(host, source)
  const owner = source.catalog.currentUser
  const hasLiveRoles = ![...rolesOf(source.catalog), owner, source.live.databaseOwner].some((name) =>
    known.leadingOut.has(name),
  )
  const suffix = randomBytes(6).toString('hex')
  const maker: Login = { user: `freehold_maker_${suffix}`, password: randomBytes(24).toString('base64url') }
  const { password } = maker
  // On a server of Freehold's own the role itself logs in; another's roles and their passwords are left as they are.
  const isOwn = host.kind === 'embedded'
  const ownerLogin: Login = isOwn
    ? { user: owner, password }
    : { user: `freehold_login_${suffix}`, password, role: owner }
  const statements = [
    makeLogin(maker, hasLiveRoles ? 'BYPASSRLS' : ''),
    ...(hasLiveRoles ? liveRoles(host, source, known) : []),
    ...(hasLiveRoles ? [`GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(maker.user)}`] : []),
    ...(hasLiveRoles
      ? [pastTriggers(host, maker.user, true), pastTriggers(host, owner, isOwn && source.live.superuser)]
      : []),
    ...(hasLiveRoles && isOwn
      ? [`ALTER ROLE ${quoteIdentifier(owner)} LOGIN PASSWORD ${quoteLiteral(toVerifier(password))}`]
      : []),
    ...(hasLiveRoles && !isOwn
      ? [makeLogin(ownerLogin), `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(ownerLogin.user)}`]
      : []),
  ]
  await host.admin.query(statements.filter((statement) => statement !== '').join(';\n'))
  const made = [maker.user, ...(hasLiveRoles && !isOwn ? [ownerLogin.user] : [])]
  return {
    hasLiveRoles,
    maker: maker.user,
    openMaker: async (database) => await open(database, maker),
    openFiller: async (database) => await open(database, hasLiveRoles ? { ...maker, role: owner } : maker),
    openOwner: async (database) => await open(database, hasLiveRoles ? ownerLogin : maker),
    drop: async () => await dropRoles(host, made),
  }
}

interface Login {
  user: string
  password: string
  /** The role that the session takes on from its start, and by RESET ROLE again. */
  role?: string
}

async function openSession(host: ShadowHost, database: string, login: Login | undefined): Promise<Client> {
  const url = new URL(host.url(database))
  if (login !== undefined) {
    url.username = encodeURIComponent(login.user)
    url.password = encodeURIComponent(login.password)
  }
  return await connect({
    connectionString: url.href,
    applicationName: 'freehold shadow',
    ...(login?.role === undefined ? {} : { settings: { role: login.role } }),
  })
}

interface KnownRoles {
  existing: Set<string>
  /** Those that are superusers or may become one, and those that lead out of the server. */
  leadingOut: Set<string>
}

async function readRoles(host: ShadowHost, { catalog, live }: TemplateSource): Promise<KnownRoles> {
  const names = [...rolesOf(catalog), catalog.currentUser, live.databaseOwner, ...live.memberOf, ...live.roles]
  const { rows } = await host.admin.query<{ name: string; leadsOut: boolean }>(
    `SELECT r.rolname AS name, EXISTS (
              SELECT FROM pg_roles s
               WHERE (s.rolsuper OR s.rolname = ANY($2)) AND pg_has_role(r.oid, s.oid, 'MEMBER')) AS "leadsOut"
       FROM pg_roles r WHERE r.rolname = ANY($1)`,
    [names, waysOut],
  )
  return {
    existing: new Set(rows.map(({ name }) => name)),
    leadingOut: new Set([...rows.filter(({ leadsOut }) => leadsOut).map(({ name }) => name), ...waysOut]),
  }
}

/** Returns the statements that make the live database's roles, and give the one that migrates its attributes. */
function liveRoles(host: ShadowHost, source: TemplateSource, { existing, leadingOut }: KnownRoles): string[] {
  const { catalog, live } = source
  const needed = [...rolesOf(catalog), catalog.currentUser, live.databaseOwner, ...live.memberOf]
  const isUsers = (name: string): boolean => name !== 'public' && !name.startsWith('pg_')
  const names = [...new Set(host.kind === 'embedded' ? [...needed, ...live.roles] : needed)].filter(isUsers)
  const created = names.filter((name) => !existing.has(name))
  const statements = created.map((name) => `CREATE ROLE ${quoteIdentifier(name)}`)
  if (host.kind !== 'embedded' && !created.includes(catalog.currentUser)) {
    return statements
  }
  const mayCreateRoles =
    (live.createRole || live.superuser) && host.kind === 'embedded' && host.serverMajor >= createRoleIsBoundedFrom
  const attributes = [
    mayCreateRoles ? 'CREATEROLE' : 'NOCREATEROLE',
    live.bypassRowSecurity || live.superuser ? 'BYPASSRLS' : 'NOBYPASSRLS',
  ]
  const user = quoteIdentifier(catalog.currentUser)
  // What a superuser does with others' objects, a member of their owners may do as well.
  const groups = (live.superuser ? names : live.memberOf).filter(
    (name) => name !== catalog.currentUser && !leadingOut.has(name) && (isUsers(name) || grantable.has(name)),
  )
  return [
    ...statements,
    `ALTER ROLE ${user} NOSUPERUSER ${attributes.join(' ')}`,
    ...groups.map((role) => `GRANT ${quoteIdentifier(role)} TO ${user}`),
  ]
}

function makeLogin({ user, password }: Login, attributes = ''): string {
  return `CREATE ROLE ${quoteIdentifier(user)} LOGIN ${attributes} PASSWORD ${quoteLiteral(toVerifier(password))}`
}

function pastTriggers(host: ShadowHost, role: string, isAllowed: boolean): string {
  return isAllowed && host.serverMajor >= grantsParametersFrom
    ? `GRANT SET ON PARAMETER session_replication_role TO ${quoteIdentifier(role)}`
    : ''
}

/** Returns what the server keeps of the password; a long random one gains nothing from many rounds, which take milliseconds. */
function toVerifier(password: string): string {
  const rounds = 1
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest()
  const encoded = [stored, key('Server Key')].map((part) => part.toString('base64')).join(':')
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${encoded}`
}

async function dropRoles(host: ShadowHost, names: string[]): Promise<void> {
  if (host.kind === 'embedded') {
    return
  }
  for (const name of names) {
    const role = quoteIdentifier(name)
    const own =
      host.serverMajor >= grantsParametersFrom ? `REVOKE SET ON PARAMETER session_replication_role FROM ${role}; ` : ''
    await host.admin.query(`${own}DROP ROLE IF EXISTS ${role}`).catch(async (error: unknown) => {
      if (sqlstateOf(error) !== sqlstates.dependentObjectsStillExist) {
        throw error
      }
      // A kept template holds something of it; nobody knows its password any more.
      await host.admin.query(`ALTER ROLE ${role} NOLOGIN PASSWORD NULL`)
    })
  }
}
