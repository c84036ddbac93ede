import { connect, quoteIdentifier } from '@freehold/postgres'
import { startContainedKafka } from '../../../../tools/docker/start-kafka.ts'
import { findKafka } from '../../../../tools/kafka/find-kafka.ts'
import { type Broker, startBroker } from '../../../../tools/kafka/start-broker.ts'
import {
  createKafkaTransport,
  createPostgresLog,
  type EventTransport,
  installEventsLog,
} from '../../src/events/index.ts'
import type { ServiceIdentity } from '../../src/identity.ts'
import { startKillablePostgres } from './killable-postgres.ts'

/** A broker of one kind, which the tests share, kill and start again. */
export interface EventsBroker {
  /** EVENTS_URL of a service. */
  url(service: string): string
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a Postgres server that holds the events log and nothing else; each service has a role of its own on it. */
export async function startLogBroker(services: string[]): Promise<EventsBroker> {
  const server = await startKillablePostgres()
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  for (const role of ['events_migrator', ...services]) {
    await admin.query(`CREATE ROLE ${quoteIdentifier(role)} LOGIN`)
  }
  await admin.query('CREATE DATABASE log OWNER events_migrator')
  await admin.end()
  await installEventsLog({ connectionString: server.url('log', 'events_migrator'), services })
  return {
    url: (service) => server.url('log', service),
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
  }
}

/** Starts a Kafka broker, in a container where Docker answers; `{ missing }` says why it cannot be on this machine. */
export async function startKafkaBroker(): Promise<EventsBroker | { missing: string }> {
  const broker = await startAnyBroker()
  if ('missing' in broker) {
    return broker
  }
  return {
    url: () => `kafka://${broker.address}`,
    kill: () => broker.kill(),
    restart: () => broker.restart(),
    stop: () => broker.stop(),
  }
}

async function startAnyBroker(): Promise<Broker | { missing: string }> {
  const contained = await startContainedKafka()
  if (!('missing' in contained) || process.env['FREEHOLD_REQUIRE_DOCKER'] === '1') {
    return contained
  }
  const found = await findKafka()
  return 'missing' in found ? { missing: `${contained.missing}, and ${found.missing}` } : await startBroker(found.libs)
}

/** Opens a transport as openEvents does, with the shortest time after which a member that says nothing is given up. */
export function openImpatiently(url: string, identity: ServiceIdentity): EventTransport {
  return url.startsWith('kafka://')
    ? createKafkaTransport({ brokers: [url.slice('kafka://'.length)], identity, sessionTimeoutMs: 6_000 })
    : createPostgresLog({ url, identity, leaseMs: 1_500 })
}
