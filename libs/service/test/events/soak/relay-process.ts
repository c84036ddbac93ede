// node relay-process.ts DATABASE_URL EVENTS_URL INSTANCE: relays the outbox of schema `orders` until it is killed.

import { startRelay } from '../../../src/events/index.ts'
import { openImpatiently } from '../harness.ts'
import { quietLog } from './quiet-log.ts'

const [databaseUrl = '', eventsUrl = '', instance = ''] = process.argv.slice(2)
const identity = { name: 'orders', version: '1.0.0', instance }
startRelay({ databaseUrl, schema: 'orders', transport: openImpatiently(eventsUrl, identity), identity, log: quietLog })
process.stdout.write('ready\n')
