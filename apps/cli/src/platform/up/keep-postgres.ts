// The platform's Postgres is its child, and may be killed on its own: by the system when memory is short, or by a person.
// The services wait for their database by themselves, so that all it takes is a server on the same data and port.

import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '@freehold/migrations/problem'
import type { Server } from '@freehold/postgres/embedded'
import { platformProblems } from '../platform-problems.ts'

export interface KeepOptions {
  /** Starts the server; on the port that it had before, if it had one. */
  start(port?: number): Promise<Server>
  say(text: string): void
  /** Time within which so many starts mean that another one is of no use. */
  restarts?: { max: number; withinMs: number }
}

export interface KeptServer extends Pick<Server, 'port' | 'url'> {
  /** Rejects with a Problem when the server ended and could not be started again; never resolves. */
  lost: Promise<never>
  stop(): Promise<void>
}

const restartsDefault = { max: 5, withinMs: 60_000 }
const pauseMs = 500

/** Starts the server, and starts it again whenever it ends by itself, until it is stopped. */
export async function keepPostgres({ start, say, restarts = restartsDefault }: KeepOptions): Promise<KeptServer> {
  let server = await start()
  const { port, url } = server
  const stopping = new AbortController()
  const restartedAt: number[] = []

  const restart = async (): Promise<Server> => {
    let failure = new Error(`it did so ${restarts.max} times within ${restarts.withinMs / 1000} s`)
    for (;;) {
      const now = performance.now()
      if (restartedAt.filter((at) => now - at < restarts.withinMs).length >= restarts.max) {
        throw failure
      }
      restartedAt.push(now)
      try {
        return await start(port)
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error))
        await sleep(pauseMs)
      }
    }
  }
  const keep = async (): Promise<void> => {
    for (;;) {
      await server.ended
      if (stopping.signal.aborted) {
        return
      }
      say('PostgreSQL ended by itself: it is started again')
      server = await restart()
      say('PostgreSQL runs again')
      if (stopping.signal.aborted) {
        return
      }
    }
  }
  const keeping = keep()
  const lost = keeping.then(
    () => new Promise<never>(() => {}),
    (error: Error) => {
      throw new Problem(platformProblems.postgresLost, `PostgreSQL ended by itself, and ${error.message}`, {}, error)
    },
  )
  // Nobody may be waiting for it yet.
  lost.catch(() => {})
  return {
    port,
    url,
    lost,
    async stop() {
      stopping.abort()
      await server.stop()
      await keeping.catch(() => {})
      // It may have been started again meanwhile.
      await server.stop()
    },
  }
}
