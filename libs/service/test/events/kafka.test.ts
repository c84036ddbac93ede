import { afterAll, beforeEach, describe } from 'vitest'
import { skipWithout } from '../../../../tools/docker/skip-without.ts'
import { itIsATransport } from './conformance.ts'
import { type EventsBroker, startKafkaBroker } from './harness.ts'

const started = await startKafkaBroker()
const missing = 'missing' in started ? started.missing : undefined
const broker = 'missing' in started ? undefined : started

afterAll(async () => {
  await broker?.stop()
})

describe('Kafka', () => {
  beforeEach((context) => skipWithout(context, missing))

  itIsATransport(() => broker as EventsBroker)
})
