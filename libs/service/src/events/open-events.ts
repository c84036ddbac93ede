import type { ServiceIdentity } from '../identity.ts'
import { createKafkaTransport } from './kafka/create-kafka-transport.ts'
import { type KafkaAccess, toKafkaClient } from './kafka/kafka-access.ts'
import { createPostgresLog } from './postgres-log/create-postgres-log.ts'
import type { EventTransport } from './transport.ts'

/**
 * Returns the transport that EVENTS_URL names: `postgres://…`, `kafka://host:port,host:port`, or `kafka+ssl://…` with
 * TLS. Throws a TypeError for others, and where the settings of the access to Kafka do not go together.
 */
export function openEvents(url: string, identity: ServiceIdentity, access: KafkaAccess = {}): EventTransport {
  const scheme = /^(postgres|postgresql|kafka|kafka\+ssl):\/\//.exec(url)?.[1]
  if (scheme === undefined) {
    throw new TypeError('the URL of the events starts with none of postgres://, kafka:// and kafka+ssl://')
  }
  return scheme.startsWith('kafka')
    ? createKafkaTransport({ ...toKafkaClient(url, access), identity })
    : createPostgresLog({ url, identity })
}
