import type { Admin, Kafka, KafkaConfig, Producer } from 'kafkajs'
import { applicationName, type ServiceIdentity } from '../../identity.ts'
import type { EventRecord, EventTransport } from '../transport.ts'
import { toErrorText, type WorkerLog, waitAtMost } from '../worker.ts'
import { toBatches } from './messages.ts'
import { subscribeToKafka } from './subscribe-to-kafka.ts'

export interface KafkaOptions extends Pick<KafkaConfig, 'ssl' | 'sasl'> {
  brokers: string[]
  identity: ServiceIdentity
  /** How long the broker waits for a sign of life of a member; brokers take no less than 6 s. */
  sessionTimeoutMs?: number
  /** Partitions of topics that are made. */
  partitions?: number
  log?: WorkerLog
}

const sessionTimeoutMsDefault = 10_000
const partitionsDefault = 8
// message.max.bytes of a broker is 1,048,588 by default, and counts a whole batch of a partition.
const batchBytesMax = 900 * 1024
const disconnectMsMax = 250
// A broker that is restarted is back within some 10 s; the caller tries again after that.
const retry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 10 }

/** Returns a transport over Kafka. It connects when first used, and makes the topics that it uses. */
export function createKafkaTransport(options: KafkaOptions): EventTransport {
  const { log, partitions = partitionsDefault } = options
  let opening: Promise<Kafka> | undefined
  const open = (): Promise<Kafka> => {
    opening ??= createKafka(options)
    return opening
  }
  const subscriptions = new Set<{ close(): Promise<void> }>()
  const makeTopics = createTopicMaker(open, partitions)
  let producing: Promise<Producer> | undefined

  const discardProducer = (broken: Promise<Producer> | undefined): void => {
    if (producing === broken) {
      producing = undefined
    }
    broken?.then((producer) => producer.disconnect()).catch(() => {})
  }

  return {
    async publish(records) {
      if (records.length === 0) {
        return
      }
      await makeTopics(records.map(({ topic }) => topic))
      producing ??= open().then(openProducer)
      const current = producing
      try {
        await sendAll(await current, records)
      } catch (error) {
        // A producer that gave up no longer knows which sequence numbers the broker has; a new one starts afresh.
        discardProducer(current)
        throw error
      }
    },
    async subscribe(subscribeOptions) {
      const sessionTimeoutMs = options.sessionTimeoutMs ?? sessionTimeoutMsDefault
      const subscription = subscribeToKafka({ ...subscribeOptions, open, sessionTimeoutMs, makeTopics, log })
      subscriptions.add(subscription)
      return {
        async close() {
          subscriptions.delete(subscription)
          await subscription.close()
        },
      }
    },
    async isReachable() {
      try {
        await withAdmin(await open(), (admin) => admin.describeCluster())
        return undefined
      } catch (error) {
        return `Kafka cannot be reached: ${toErrorText(error)}`
      }
    },
    async close() {
      await Promise.all([...subscriptions].map((subscription) => subscription.close()))
      const current = producing
      producing = undefined
      // One that is still connecting to a broker that is down goes on with it for as long as its retries last.
      await waitAtMost(disconnectMsMax, current?.then((producer) => producer.disconnect()) ?? Promise.resolve())
    },
  }
}

/** Returns a function that makes those of the topics that there are not, and asks for each only once. */
function createTopicMaker(open: () => Promise<Kafka>, partitions: number): (topics: string[]) => Promise<void> {
  const known = new Set<string>()
  return async (topics) => {
    const unknown = [...new Set(topics)].filter((topic) => !known.has(topic))
    if (unknown.length === 0) {
      return
    }
    await withAdmin(await open(), async (admin) => {
      const existing = new Set(await admin.listTopics())
      const missing = unknown.filter((topic) => !existing.has(topic))
      if (missing.length > 0) {
        // Another instance may be first, which is as good.
        await admin.createTopics({ topics: missing.map((topic) => ({ topic, numPartitions: partitions })) })
      }
    })
    for (const topic of unknown) {
      known.add(topic)
    }
  }
}

/** Loads KafkaJS only where there is a Kafka: it costs a twentieth of a second of each start. */
async function createKafka({ brokers, identity, log, ssl, sasl }: KafkaOptions): Promise<Kafka> {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({
    clientId: applicationName(identity),
    brokers,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry,
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ log: { message, timestamp: _, logger: __, ...fields } }) =>
        log?.warn(fields, `kafkajs: ${message}`),
  })
}

async function openProducer(kafka: Kafka): Promise<Producer> {
  const { default: kafkajs } = await import('kafkajs')
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // The one of Kafka's own clients: a key is in the same partition whoever publishes it.
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return producer
}

async function sendAll(producer: Producer, records: EventRecord[]): Promise<void> {
  for (const batch of toBatches(records, batchBytesMax)) {
    const topicMessages = [...batch].map(([topic, messages]) => ({ topic, messages }))
    await producer.sendBatch({ acks: -1, topicMessages })
  }
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { ...retry, retries: 2 } })
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
