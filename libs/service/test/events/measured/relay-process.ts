// node relay-process.ts DATABASE_URL EVENTS_URL: relays the outbox of schema `orders` for benchmarks/outbox.ts.

import { openEvents, startRelay } from '../../../src/events/index.ts'
import { toStandardError } from './log.ts'

const [databaseUrl = '', eventsUrl = ''] = process.argv.slice(2)
const identity = { name: 'orders', version: '1.0.0', instance: 'benchmark' }
const transport = openEvents(eventsUrl, identity)
startRelay({ databaseUrl, schema: 'orders', transport, identity, log: toStandardError })
process.once('disconnect', () => process.exit())
process.send?.('ready')
