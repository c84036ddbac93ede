// node consumer-process.ts DATABASE_URL EVENTS_URL RUN COUNT: applies events for benchmarks/outbox.ts, each with its row in the inbox, and tells when
// each was committed. `data.n` numbers the events from 0; the times go to the parent once all are there.

import { type EventTransport, on, openEvents, startConsumer } from '../../../src/events/index.ts'
import { openDb } from '../service-schema.ts'
import { itemAdded } from './item-added.ts'
import { toStandardError } from './log.ts'

const [databaseUrl = '', eventsUrl = '', run = '0', count = '0'] = process.argv.slice(2)
const transport = openEvents(eventsUrl, { name: 'billing', version: '1.0.0', instance: 'benchmark' })
const appliedAt = new Float64Array(Number(count))
let applied = 0
const timed: EventTransport = {
  ...transport,
  subscribe: (options) =>
    transport.subscribe({
      ...options,
      async onRecords(records) {
        await options.onRecords(records)
        const now = performance.timeOrigin + performance.now()
        for (const { data } of records) {
          const { run: of, n } = data as { run: number; n: number }
          if (of === Number(run) && appliedAt[n] === 0) {
            appliedAt[n] = now
            applied += 1
          }
        }
        if (applied === appliedAt.length) {
          process.send?.({ appliedAt: Buffer.from(appliedAt.buffer).toString('base64') })
        }
      },
    }),
}
const consumer = startConsumer({
  db: openDb(databaseUrl, 2),
  schema: 'billing',
  transport: timed,
  group: 'billing',
  handlers: [on(itemAdded, async () => {})],
  log: toStandardError,
})
// The next consumer takes the partitions over at once.
process.once('disconnect', () => consumer.close().then(() => process.exit()))
process.send?.('ready')
