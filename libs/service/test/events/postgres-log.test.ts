import { afterAll, beforeAll, describe } from 'vitest'
import { conformanceServices, itIsATransport } from './conformance.ts'
import { type EventsBroker, startLogBroker } from './harness.ts'

let broker: EventsBroker
beforeAll(async () => {
  broker = await startLogBroker(conformanceServices)
})
afterAll(async () => {
  await broker.stop()
})

describe('the events log on Postgres', () => {
  itIsATransport(() => broker)
})
