import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { cacheFolder } from './cache-folder.ts'
import { awaitEndOfServer, createAttachment, endServer, readServerPid } from './earlier-server.ts'
import { type Binaries, findBinaries, type Major } from './find-binaries.ts'
import { findScratchFolder } from './scratch-folder.ts'
import { findServerAccount, type ServerAccount } from './server-account.ts'

const run = promisify(execFile)

export interface ServerOptions {
  major: Major
  /** The data folder; made when it does not exist. Without one the data lie in a temporary folder and go with the server. */
  folder?: string
  /** No fsync and no WAL beyond the least, for databases that may be lost. */
  ephemeral: boolean
  /** `scram` (the default): the superuser's password is in `url()`. `trust`: any role from this machine, for tests. */
  authentication?: 'scram' | 'trust'
  /** Name of the superuser that the cluster is made with, `postgres` unless it is given. */
  superuser?: string
  /** Added to postgresql.conf; they win over the defaults. */
  settings?: Record<string, string>
  port?: number
}

/** A running Postgres server of this process's own; it ends with the process, however that ends. */
export interface Server {
  major: Major
  port: number
  folder: string
  url(database?: string, user?: string): string
  /** Resolves when the server has ended, by `stop` or by itself. */
  ended: Promise<void>
  stop(): Promise<void>
}

/** Where a server's data are, and which folder goes with the server. */
interface Place {
  folder: string
  removed?: string
}

// Between a port's being found free and the server's taking it another program may take it.
const portAttempts = 3
// In the data folder, so that the superuser's password goes where the cluster goes.
const passwordFile = 'freehold-password'
const superuserDefault = 'postgres'

/** Starts a Postgres server on the loopback that ends when this process does. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const binaries = await findBinaries(options.major)
  const account = findServerAccount()
  const place =
    options.folder === undefined ? await makeTemporaryPlace(options, account) : { folder: path.resolve(options.folder) }
  try {
    const password = await prepareFolder(options, place.folder, binaries, account)
    const isStillAttached = createAttachment()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const port = options.port ?? (await findFreePort())
        return await startOnPort(options, { place, port, binaries, account, password })
      } catch (error) {
        const again = error instanceof PortTakenError && options.port === undefined && attempt < portAttempts
        if (!again && !(await isStillAttached(error))) {
          throw error
        }
      }
    }
  } catch (error) {
    if (place.removed !== undefined) {
      await rm(place.removed, { recursive: true, force: true })
    }
    throw error
  }
}

async function makeTemporaryPlace(options: ServerOptions, account: ServerAccount | undefined): Promise<Place> {
  const parent = options.ephemeral ? await findScratchFolder() : tmpdir()
  const removed = await mkdtemp(path.join(parent, 'freehold-postgres-'))
  if (account !== undefined) {
    await chown(removed, account.uid, account.gid)
  }
  return { folder: path.join(removed, 'data'), removed }
}

interface Preparation {
  place: Place
  port: number
  binaries: Binaries
  account: ServerAccount | undefined
  password: string
}

async function startOnPort(options: ServerOptions, preparation: Preparation): Promise<Server> {
  const { place, port, password } = preparation
  await writeSettings(options, place.folder, port)
  const child = spawnServer(preparation)
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000)
  })
  const authentication = options.authentication ?? 'scram'
  const superuser = options.superuser ?? superuserDefault
  // A server that has been killed in the meantime has nobody who could be told to stop.
  child.stdin.on('error', () => {})
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = (database = 'postgres', user = superuser): string => {
    const secret = user === superuser && authentication === 'scram' ? `:${password}` : ''
    const login = `${encodeURIComponent(user)}${secret}`
    return `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  }
  const stop = async (): Promise<void> => {
    child.stdin.end(options.ephemeral ? 'quit\n' : 'fast\n')
    await exited
  }
  // Not when it exits: what it said last may not have been read by then.
  let isOver = false
  child.once('close', () => {
    isOver = true
  })
  await waitUntilReady(url(), place.folder, { log: () => log, isOver: () => isOver }).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const { folder } = place
  const pid = await readServerPid(folder)
  // If it was the shell between that was killed, the server would live on without anybody to end it.
  const ended = exited.then(() => endServer(folder, pid))
  ended.catch(() => {})
  return { major: options.major, port, folder, url, ended, stop: () => stop().then(() => ended) }
}

/** Starts a throw-away server whose data go with it; every role may connect without password. */
export async function startTestServer(major: Major = 18, settings: Record<string, string> = {}): Promise<Server> {
  return await startServer({ major, ephemeral: true, authentication: 'trust', settings })
}

// A shell stands between, whose other half holds the read end of a pipe: when this process ends in any way, kill -9
// included, the pipe closes and the server is stopped. The shell itself waits for the server, so that its end is known at
// once. SIGINT of a terminal reaches the whole group, so the server gets its own.
const keeper = `
exec 3<&0
"$0" -D "$1" </dev/null 3<&- & server=$!
( read -r how <&3; if [ "$how" = fast ]; then kill -INT "$server"; else kill -QUIT "$server"; fi ) 2>/dev/null & reader=$!
exec 3<&-
wait "$server"; status=$?
kill "$reader" 2>/dev/null
if [ -n "$2" ]; then cd / && rm -rf "$2"; fi
exit "$status"`

function spawnServer({ place, binaries, account }: Preparation) {
  const server = path.join(binaries.folder, 'bin', 'postgres')
  return spawn('/bin/sh', ['-c', keeper, server, place.folder, place.removed ?? ''], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    cwd: place.folder,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...account,
  })
}

/** Makes the data folder from an initialised cluster kept in the cache, and returns the superuser's password. */
async function prepareFolder(
  options: ServerOptions,
  folder: string,
  binaries: Binaries,
  account: ServerAccount | undefined,
): Promise<string> {
  const template = await prepareTemplate(binaries, account, options.superuser ?? superuserDefault)
  const ofTemplate = (await readFile(path.join(template, 'password'), 'utf8')).trim()
  if (existsSync(path.join(folder, 'PG_VERSION'))) {
    await awaitEndOfServer(folder)
    await giveTo(account, folder)
  } else {
    await makeFolder(options, { folder, template, binaries, account, password: ofTemplate })
  }
  // The template may be made anew, with another password, while the cluster lives on.
  const password = await readFile(path.join(folder, passwordFile), 'utf8').catch(() => ofTemplate)
  const method = options.authentication === 'trust' ? 'trust' : 'scram-sha-256'
  const hosts = ['127.0.0.1/32', '::1/128'].flatMap((host) => [
    `host all all ${host} ${method}`,
    `host replication all ${host} ${method}`,
  ])
  await writeFile(path.join(folder, 'pg_hba.conf'), `${hosts.join('\n')}\n`)
  return password
}

interface FolderParts {
  folder: string
  template: string
  binaries: Binaries
  account: ServerAccount | undefined
  password: string
}

/** Copies the template under another name first: a copy that was cut off must not be taken for a cluster. */
async function makeFolder(options: ServerOptions, parts: FolderParts): Promise<void> {
  const { folder, template, binaries, account, password } = parts
  const staged = `${folder}.new`
  await mkdir(path.dirname(folder), { recursive: true })
  await rm(staged, { recursive: true, force: true })
  await copyFolder(path.join(template, 'data'), staged)
  await writeFile(path.join(staged, passwordFile), password, { mode: 0o600 })
  await giveTo(account, staged)
  if (!options.ephemeral) {
    await run(path.join(binaries.folder, 'bin', 'initdb'), ['--sync-only', '-D', staged], {
      cwd: staged,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      ...account,
    })
  }
  await rename(staged, folder)
}

async function giveTo(account: ServerAccount | undefined, folder: string): Promise<void> {
  await chmod(folder, 0o700)
  if (account !== undefined) {
    await chownAll(folder, account)
  }
}

/** Copies with the system's own command, which takes a third of the time that Node's takes for some thousand files. */
async function copyFolder(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]).catch(async () => {
    await rm(to, { recursive: true, force: true })
    await cp(from, to, { recursive: true })
  })
}

async function prepareTemplate(
  binaries: Binaries,
  account: ServerAccount | undefined,
  superuser: string,
): Promise<string> {
  const owner = account === undefined ? 'own' : `uid-${account.uid}`
  const named = superuser === superuserDefault ? '' : `-${superuser}`
  const template = path.join(cacheFolder(), `cluster-${binaries.version}-1m-${owner}${named}`)
  if (existsSync(template)) {
    return template
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'freehold-initdb-'))
  const file = path.join(scratch, 'password')
  await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  if (account !== undefined) {
    await chown(scratch, account.uid, account.gid)
    await chown(file, account.uid, account.gid)
  }
  const args = [
    '-D',
    path.join(scratch, 'data'),
    '-U',
    superuser,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--wal-segsize=1',
  ]
  await run(path.join(binaries.folder, 'bin', 'initdb'), [...args, '-A', 'scram-sha-256', '--pwfile', file], {
    cwd: scratch,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...account,
  })
  const staged = `${template}.${process.pid}`
  await cp(scratch, staged, { recursive: true })
  await rm(scratch, { recursive: true, force: true })
  await chmod(staged, 0o700)
  await rename(staged, template).catch(async (error: NodeJS.ErrnoException) => {
    // Another process was first; its cluster and password are as good.
    await rm(staged, { recursive: true, force: true })
    if (!existsSync(template)) {
      throw error
    }
  })
  return template
}

async function chownAll(folder: string, account: ServerAccount): Promise<void> {
  const entries = await readdir(folder, { recursive: true })
  await Promise.all(entries.map((entry) => chown(path.join(folder, entry), account.uid, account.gid)))
  await chown(folder, account.uid, account.gid)
}

async function writeSettings(options: ServerOptions, folder: string, port: number): Promise<void> {
  const ephemeral = {
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    autovacuum: 'off',
  }
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    logging_collector: 'off',
    timezone: 'UTC',
    ...(options.ephemeral ? ephemeral : {}),
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
  const file = path.join(folder, 'freehold.conf')
  await writeFile(file, `${lines.join('\n')}\n`)
  await chmod(file, 0o644)
  const main = path.join(folder, 'postgresql.conf')
  const text = await readFile(main, 'utf8')
  const include = "include = 'freehold.conf'"
  if (!text.includes(include)) {
    await writeFile(main, `${text}\n${include}\n`)
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  return await new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

class PortTakenError extends Error {}

async function waitUntilReady(
  url: string,
  folder: string,
  { log, isOver }: { log(): string; isOver(): boolean },
): Promise<void> {
  const deadlineAt = Date.now() + 60_000
  for (;;) {
    // The start-up log is the only place that tells; the server's locale is C, so it is always in these words.
    if (log().includes('could not create any TCP/IP sockets')) {
      throw new PortTakenError('another program took the port of the embedded Postgres server')
    }
    if (isOver()) {
      throw new Error(`the embedded Postgres server did not start: ${log().trim()}`)
    }
    try {
      if ((await readDataFolder(url)) === folder) {
        return
      }
      throw new PortTakenError('another Postgres server took the port of the embedded one')
    } catch (cause) {
      if (cause instanceof PortTakenError) {
        throw cause
      }
      if (Date.now() > deadlineAt) {
        throw new Error(`the embedded Postgres server was not ready within 60 s: ${log().trim()}`, { cause })
      }
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
  }
}

async function readDataFolder(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory')
    return rows[0]?.data_directory ?? ''
  } finally {
    await client.end()
  }
}
