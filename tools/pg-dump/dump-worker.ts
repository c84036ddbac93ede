import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { pgDump } from '@electric-sql/pglite-tools/pg_dump'
import { isAnswered, isStartup, MessageReader, startupPacket } from './messages.ts'
import type { DumpOrder, DumpResult } from './pg-dump.ts'

// pg_dump waits for the locks of its tables; a dump that gets no answer for so long stands behind another session.
const answerTimeoutMs = 60_000

const order = workerData as DumpOrder
const sent = new MessageReader()

function exchange(bytes: Uint8Array): Uint8Array | undefined {
  const written = Buffer.from(bytes)
  const startup = isStartup(written)
  Atomics.store(order.signal, 0, 0)
  order.port.postMessage(startup ? startupPacket(order.user, order.database) : written)
  // libpq flushes a long query in pieces of 8 kB, and only the last of them is answered.
  if (!startup && !sent.push(written).some(isAnswered)) {
    return undefined
  }
  if (Atomics.wait(order.signal, 0, 0, answerTimeoutMs) === 'timed-out') {
    throw new Error(`the server did not answer pg_dump within ${answerTimeoutMs} ms`)
  }
  return receiveMessageOnPort(order.port)?.message as Uint8Array | undefined
}

/** The little of PGlite that pg_dump's wrapper uses. */
const server = {
  query: async () => ({ rows: [{ search_path: '""' }] }),
  exec: async () => [],
  execProtocolRawStream(bytes: Uint8Array, { onRawData }: { onRawData(answer: Uint8Array): void }) {
    const answer = exchange(bytes)
    if (answer !== undefined && answer.length > 0) {
      onRawData(answer)
    }
  },
}

async function dump(): Promise<DumpResult> {
  try {
    const file = await pgDump({ pg: server as never, args: order.args })
    return { sql: await file.text() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.postMessage(await dump())
