import type { ServiceIdentity } from '../identity.ts'
import { createKafkaTransport } from './kafka/create-kafka-transport.ts'
import { createPostgresLog } from './postgres-log/create-postgres-log.ts'
import type { EventTransport } from './transport.ts'

/** Returns the transport that EVENTS_URL names: `postgres://…` or `kafka://host:port,host:port`. Throws a TypeError for others. */
export function openEvents(url: string, identity: ServiceIdentity): EventTransport {
  const scheme = /^(postgres|postgresql|kafka):\/\//.exec(url)?.[1]
  if (scheme === undefined) {
    throw new TypeError('the URL of the events starts neither with postgres:// nor with kafka://')
  }
  if (scheme !== 'kafka') {
    return createPostgresLog({ url, identity })
  }
  const brokers = url.slice('kafka://'.length).replace(/\/$/, '').split(',')
  if (!brokers.every((broker) => /^[^\s:/@]+:\d+$/.test(broker))) {
    throw new TypeError('the URL of the events should read kafka://host:port,host:port')
  }
  return createKafkaTransport({ brokers, identity })
}
