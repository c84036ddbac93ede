// pg_dump is not among the embedded server's programs. It exists on npm as WebAssembly, made for PGlite, and asks for
// bytes synchronously. It runs in a worker that blocks on shared memory while this thread carries its bytes to a real
// server over TCP.

import { connect, type Socket } from 'node:net'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { parseDatabaseUrl } from '@freehold/postgres'
import { isServerWaiting, MessageReader } from './messages.ts'

/** What the worker is started with. */
export interface DumpOrder {
  user: string
  database: string
  args: string[]
  /** Set to 1 and notified when an answer lies in the port. */
  signal: Int32Array
  port: MessagePort
}

/** What the worker tells at its end. */
export type DumpResult = { sql: string } | { error: string }

/**
 * Returns what `pg_dump` with these arguments prints for the database, data as INSERTs, without `\restrict` lines.
 * The role of the URL must be let in without a password. Throws with pg_dump's own message when it fails.
 */
export async function pgDump(databaseUrl: string, args: string[] = []): Promise<string> {
  const { host, port, user, database } = parseDatabaseUrl(databaseUrl)
  const socket = connect({ host, port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const channel = new MessageChannel()
  const order: DumpOrder = { user, database, args, signal, port: channel.port2 }
  const worker = new Worker(new URL('./dump-worker.ts', import.meta.url), {
    workerData: order,
    transferList: [channel.port2],
    // The worker needs none of the flags that a test runner may have started this process with.
    execArgv: [],
  })
  carryBytes(socket, channel.port1, signal)
  try {
    const result = await new Promise<DumpResult>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
      worker.once('exit', () => reject(new Error('pg_dump ended without a result')))
    })
    if ('error' in result) {
      throw new Error(`could not dump database "${database}": ${result.error}`)
    }
    return result.sql
  } finally {
    socket.destroy()
    channel.port1.close()
    await worker.terminate()
  }
}

/** Sends what the worker writes; gives it each answer when it is complete, or whatever there is when the server hangs up. */
function carryBytes(socket: Socket, port: MessagePort, signal: Int32Array): void {
  const reader = new MessageReader()
  let answer: Buffer[] = []
  const deliver = (): void => {
    port.postMessage(Buffer.concat(answer))
    answer = []
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }
  port.on('message', (bytes: Uint8Array) => socket.write(bytes))
  socket.on('data', (bytes: Buffer) => {
    answer.push(bytes)
    const last = reader.push(bytes).at(-1)
    if (last !== undefined && !reader.isInside && isServerWaiting(last)) {
      deliver()
    }
  })
  // An error is followed by close, and the empty answer makes pg_dump report the lost connection.
  socket.on('error', () => {})
  socket.on('close', deliver)
}
