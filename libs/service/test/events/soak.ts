// node libs/service/test/events/soak.ts --transport postgres|kafka [--events 100000] [--kills 20]
// Ends with 1 when an event was lost, took effect twice or came out of order.

import { parseArgs } from 'node:util'
import { startKafkaBroker, startLogBroker } from './harness.ts'
import { runSoak } from './soak/run-soak.ts'

const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: 'postgres' },
    events: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '20' },
  },
})
const isKafka = values.transport === 'kafka'
const broker = isKafka ? await startKafkaBroker() : await startLogBroker(['orders', 'billing'])
if ('missing' in broker) {
  throw new Error(broker.missing)
}
try {
  const figures = await runSoak({
    broker,
    events: Number(values.events),
    kills: Number(values.kills),
    // A Kafka broker takes some 10 s from kill -9 until it serves again.
    betweenKillsMs: isKafka ? 6_000 : 2_500,
    say: (line) => process.stdout.write(`${line}\n`),
  })
  process.stdout.write(`${JSON.stringify({ transport: values.transport, ...figures })}\n`)
  const { lost, twice, outOfOrder, deadLetters } = figures
  process.exitCode = lost + twice + outOfOrder + deadLetters === 0 ? 0 : 1
} finally {
  await broker.stop()
}
