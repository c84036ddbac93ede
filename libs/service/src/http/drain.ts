// Ending without a failed request. A connection is closed only between two requests: the answer that is the last on it
// says so (Connection: close), and one that is idle is closed when its client has had time to send what was on its way.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { drainIdleMs, quietTurnWaitMs } from '../limits.ts'

export interface Drain {
  readonly isDraining: boolean
  /** Aborted when the drain begins: streams end then. */
  readonly signal: AbortSignal
  /** Resolves when no request is in flight and no connection open; destroys what is left after `timeoutMs`. */
  begin(options: { delayMs: number; timeoutMs: number }): Promise<void>
}

interface Connection {
  /** Those of the requests in flight, in order. */
  responses: ServerResponse[]
  idleSinceMs: number
  /** How much had arrived by then: more of it means that a request is arriving. */
  bytesRead: number
}

/** Watches the connections of the app's server. */
export function watchConnections(app: FastifyInstance): Drain {
  const { server } = app
  const stop = new AbortController()
  const connections = new Map<Socket, Connection>()

  server.on('connection', (socket) => {
    connections.set(socket, { responses: [], idleSinceMs: Date.now(), bytesRead: 0 })
    socket.once('close', () => connections.delete(socket))
  })
  // Before Fastify's own listener, so that the answer's headers are still to be written.
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(socket)
    connection?.responses.push(response)
    response.once('close', () => {
      connection?.responses.splice(connection.responses.indexOf(response), 1)
      Object.assign(connection ?? {}, { idleSinceMs: Date.now(), bytesRead: socket.bytesRead })
    })
    if (connection !== undefined && stop.signal.aborted) {
      announceEnd(connection)
    }
  })

  const closeIdle = (sinceMs: number): void => {
    for (const [socket, { responses, idleSinceMs, bytesRead }] of connections) {
      // However long it was idle: a client whose other connections close now takes this one from its pool.
      const idleMs = Date.now() - Math.max(idleSinceMs, sinceMs)
      if (responses.length === 0 && socket.bytesRead === bytesRead && idleMs >= drainIdleMs) {
        socket.end()
      }
    }
  }

  return {
    get isDraining() {
      return stop.signal.aborted
    },
    signal: stop.signal,
    async begin({ delayMs, timeoutMs }) {
      stop.abort()
      for (const connection of connections.values()) {
        announceEnd(connection)
      }
      await delay(delayMs)
      await stopListening(server)
      const startedMs = Date.now()
      while (connections.size > 0 && Date.now() - startedMs < timeoutMs) {
        closeIdle(startedMs)
        await delay(10)
      }
      for (const socket of connections.keys()) {
        socket.destroy()
      }
    },
  }
}

/** Makes the last answer in flight the last on its connection: one before it (pipelining) must not close it. */
function announceEnd({ responses }: Connection): void {
  for (const response of responses) {
    response.shouldKeepAlive = response !== responses.at(-1)
  }
}

/** Takes no more connections, and leaves those that are open: http's own `close` would end the idle ones at once. */
async function stopListening(server: FastifyInstance['server']): Promise<void> {
  let accepted = 0
  const count = (): void => {
    accepted++
  }
  server.on('connection', count)
  // The kernel resets connections that wait to be accepted when their listener closes, and libuv accepts one a turn of
  // the loop. So the listener closes right after a short turn in which nobody came: what comes between the two is lost.
  for (const untilMs = performance.now() + quietTurnWaitMs; performance.now() < untilMs; ) {
    const [before, begunMs] = [accepted, performance.now()]
    await new Promise(setImmediate)
    if (accepted === before && performance.now() - begunMs < 1) {
      break
    }
  }
  server.off('connection', count)
  NetServer.prototype.close.call(server)
}
