import { once } from 'node:events'
import { createServer } from 'node:net'
import { GenericContainer, Wait } from 'testcontainers'
import type { Broker } from '../kafka/start-broker.ts'
import { findDocker, testLabels } from './find-docker.ts'

const startMsMax = 180_000

/** Starts a Kafka broker in a container, whose data go with it; `{ missing }` says why that cannot be on this machine. */
export async function startContainedKafka(): Promise<Broker | { missing: string }> {
  const docker = await findDocker('kafka')
  if ('missing' in docker) {
    return docker
  }
  const { client, image } = docker
  // The broker tells clients where it is: it has to know the port before it starts, and to keep it over a restart.
  const port = await findFreePort()
  const address = `${client.info.containerRuntime.host}:${port}`
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(toEnvironment(address))
    .withLabels(testLabels)
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(startMsMax)
    .start()
  const handle = client.container.getById(container.getId())
  return {
    address,
    async kill() {
      const ended = handle.wait()
      await handle.kill()
      await ended
    },
    restart: () => container.restart(),
    async stop() {
      await container.stop({ removeVolumes: true })
    },
  }
}

/** As an image of Kafka wants its settings. The broker calls itself by a listener of its own: the outer address is the host’s. */
function toEnvironment(address: string): Record<string, string> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: 'INTERNAL://:29092,EXTERNAL://:9092,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: `INTERNAL://localhost:29092,EXTERNAL://${address}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '3',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '3',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
    KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
    KAFKA_LOG_DIRS: '/var/lib/kafka/data',
    KAFKA_HEAP_OPTS: '-Xms128m -Xmx384m',
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0)
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
