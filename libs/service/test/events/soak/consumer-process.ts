// node consumer-process.ts DATABASE_URL EVENTS_URL INSTANCE DELIVERIES: writes each event's effect into schema `billing`
// until it is killed, and the size of each delivery into the file.

import { appendFileSync } from 'node:fs'
import { type EventTransport, on, startConsumer } from '../../../src/events/index.ts'
import { openImpatiently } from '../harness.ts'
import { openDb } from '../service-schema.ts'
import { type BillingTables, counterRaised } from './counter.ts'
import { quietLog } from './quiet-log.ts'

const [databaseUrl = '', eventsUrl = '', instance = '', deliveries = ''] = process.argv.slice(2)
const transport = openImpatiently(eventsUrl, { name: 'billing', version: '1.0.0', instance })
const counted: EventTransport = {
  ...transport,
  subscribe: (options) =>
    transport.subscribe({
      ...options,
      onRecords(records) {
        appendFileSync(deliveries, `${records.length}\n`)
        return options.onRecords(records)
      },
    }),
}

startConsumer<BillingTables>({
  db: openDb(databaseUrl),
  schema: 'billing',
  transport: counted,
  group: 'billing',
  retriesMax: 20,
  handlers: [
    on<typeof counterRaised.data, BillingTables>(counterRaised, async (trx, { version }, { key }) => {
      await trx.insertInto('effects').values({ key, version }).execute()
      // Fails after the effect, now and then, as handlers do.
      if (Math.random() < 0.0005) {
        throw new Error('failed by chance')
      }
    }),
  ],
  log: quietLog,
})
process.stdout.write('ready\n')
