import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Server, startServer } from '@freehold/postgres/embedded'

/** A Postgres server that writes as one in production does, can be killed like a machine that loses power, and comes back. */
export interface KillablePostgres {
  port: number
  url(database?: string, user?: string): string
  /** kill -9 of all its processes; resolves when they are gone. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server with fsync on, to which every role may connect from this machine. */
export async function startKillablePostgres(): Promise<KillablePostgres> {
  const parent = await mkdtemp(path.join(tmpdir(), 'freehold-killable-'))
  // The server's account has to pass through it.
  execFileSync('chmod', ['755', parent])
  const folder = path.join(parent, 'data')
  const start = (port?: number): Promise<Server> =>
    startServer({
      major: 18,
      folder,
      ephemeral: false,
      authentication: 'trust',
      settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', max_wal_size: '2GB' },
      ...(port === undefined ? {} : { port }),
    })
  let server = await start()
  const { port } = server
  return {
    port,
    url: (database, user) => server.url(database, user),
    async kill() {
      const postmaster = Number((await readFile(path.join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0])
      const children = childrenOf(postmaster)
      for (const pid of [postmaster, ...children]) {
        killIfThere(pid, 'SIGKILL')
      }
      await server.stop()
      while (children.some((pid) => killIfThere(pid, 0))) {
        await delay(5)
      }
    },
    async restart() {
      server = await start(port)
    },
    async stop() {
      await server.stop()
      await rm(parent, { recursive: true, force: true })
    },
  }
}

function childrenOf(parent: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid]) => pid as number)
}

function killIfThere(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    // It is gone.
    return false
  }
}
