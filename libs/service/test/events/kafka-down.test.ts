import { once } from 'node:events'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createKafkaTransport,
  type EventTransport,
  on,
  publishEvent,
  startConsumer,
  startRelay,
} from '../../src/events/index.ts'
import { createRecordingLog, createRecordingTransport } from './fixture.ts'
import { createServiceDatabase, openDb } from './service-schema.ts'
import { counterRaised, type OrdersTables, ordersTables } from './soak/counter.ts'

const identity = { name: 'orders', version: '1.0.0', instance: 'a1' }
let server: Server
let db: Kysely<OrdersTables>
let silent: NetServer
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startTestServer(18)
  await createServiceDatabase(server, 'kafka_down', { orders: ordersTables })
  db = openDb(server.url('kafka_down', 'orders'))
  silent = createServer((socket) => sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  for (const socket of sockets) {
    socket.destroy()
  }
  silent.close()
  await db.destroy()
  await server.stop()
})

const portOf = (listening: NetServer): number => (listening.address() as AddressInfo).port

async function findClosedPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const port = portOf(other)
  other.close()
  await once(other, 'close')
  return port
}

const relayTo = (transport: EventTransport) =>
  startRelay({
    ...{ databaseUrl: server.url('kafka_down', 'orders'), schema: 'orders', transport, identity },
    log: createRecordingLog(),
  })

describe('a service whose broker', () => {
  it.each([
    ['is down', findClosedPort],
    ['answers nothing', async () => portOf(silent)],
  ])('%s ends without waiting for it, and loses no event', async (_, findPort) => {
    const kafka = createKafkaTransport({ brokers: [`127.0.0.1:${await findPort()}`], identity })
    let publishing: 'not yet' | 'under way' | 'over' = 'not yet'
    const transport: EventTransport = {
      ...kafka,
      publish: async (records) => {
        publishing = 'under way'
        await kafka.publish(records).finally(() => {
          publishing = 'over'
        })
      },
    }
    await db.transaction().execute(async (trx) => await publishEvent(trx, counterRaised, 'a', { version: 1 }))
    const handlers = [on<typeof counterRaised.data, OrdersTables>(counterRaised, async () => {})]
    const log = createRecordingLog()
    const workers = [
      startConsumer({ db, schema: 'orders', transport, group: 'orders', handlers, log }),
      relayTo(transport),
    ]
    await expect.poll(() => publishing).toBe('under way')
    await Promise.all(workers.map(async (worker) => await worker.close()))
    await transport.close()
    // KafkaJS goes on trying for longer than that.
    expect(publishing).toBe('under way')
    const later = createRecordingTransport()
    const relay = relayTo(later)
    await expect.poll(() => later.published.map(({ key }) => key)).toEqual(['a'])
    await relay.close()
  })
})
