import { afterAll, beforeEach, describe } from 'vitest'
import { itIsATransport } from './conformance.ts'
import { type EventsBroker, startKafkaBroker } from './harness.ts'

const started = await startKafkaBroker()
const missing = 'missing' in started ? started.missing : undefined
const broker = 'missing' in started ? undefined : started

afterAll(async () => {
  await broker?.stop()
})

describe('Kafka', () => {
  if (missing !== undefined) {
    console.warn(`SKIPPED: ${missing}, so the transport over Kafka is not tested`)
  }
  beforeEach((context) => {
    // Where the servers are meant to be there, their absence is a failure.
    if (missing !== undefined && process.env['FREEHOLD_REQUIRE_DOCKER'] === '1') {
      throw new Error(missing)
    }
    context.skip(missing !== undefined, missing)
  })

  itIsATransport(() => broker as EventsBroker)
})
