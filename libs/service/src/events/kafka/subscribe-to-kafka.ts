import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { EventRecord, SubscribeOptions, Subscription } from '../transport.ts'
import { backoffAfter, pause, untilAborted, type WorkerLog, waitAtMost } from '../worker.ts'
import { joinCalls } from './join-calls.ts'
import { fromMessage } from './messages.ts'

export interface KafkaSubscribeOptions extends SubscribeOptions {
  open(): Promise<Kafka>
  sessionTimeoutMs: number
  makeTopics(topics: string[]): Promise<void>
  log: WorkerLog | undefined
}

const signOfLifeMs = 1_000
const fetchWaitMs = 500
// A broker that is down cannot be told that a member leaves; it learns of it by the member's silence.
const leaveMsMax = 1_000
// What one fetch brings is applied in one transaction: large enough to work off a backlog, small enough to repeat. A
// broker answers with a first batch that is larger all the same.
const fetchBytes = { partition: 256 * 1024, all: 1024 * 1024 }
// KafkaJS hands over the partitions of a fetch one after the other, unless it is told to do so many at once.
const partitionsAtOnce = 256

/** Starts consuming; a consumer that KafkaJS gives up is replaced by another until the subscription is closed. */
export function subscribeToKafka(options: KafkaSubscribeOptions): Subscription {
  const stop = new AbortController()
  const stopped = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopped.aborted; ) {
      try {
        await runConsumer(options, stopped, () => {
          failures = 0
        })
      } catch (error) {
        failures += 1
        options.log?.warn({ err: error, group: options.group, failures }, 'could not consume; the records come again')
        await pause(backoffAfter(failures), stopped)
      }
    }
  }
  const running = run()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

/** Consumes until the signal; throws when the consumer fails in a way that KafkaJS does not mend. */
async function runConsumer(
  options: KafkaSubscribeOptions,
  stopped: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { group, topics, sessionTimeoutMs } = options
  const ended = untilAborted(stopped)
  await Promise.race([options.makeTopics(topics), ended])
  if (stopped.aborted) {
    return
  }
  const kafka = await options.open()
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: signOfLifeMs,
    maxWaitTimeInMs: fetchWaitMs,
    maxBytesPerPartition: fetchBytes.partition,
    maxBytes: fetchBytes.all,
    allowAutoTopicCreation: false,
    // Right after a start of the broker joins fail for a while.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 },
  })
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) {
        reject(payload.error)
      }
    })
  })
  const work: Work = { underWay: Promise.resolve() }
  try {
    await Promise.race([startConsumer(consumer, options, work, onProgress), crashed, ended])
    await Promise.race([ended, crashed])
  } finally {
    const leaving = consumer.disconnect().catch(() => {})
    await work.underWay.catch(() => {})
    await waitAtMost(leaveMsMax, leaving)
  }
}

/** The records that are being applied: whoever ends waits for them, whatever the broker is like. */
interface Work {
  underWay: Promise<void>
}

async function startConsumer(
  consumer: Consumer,
  options: KafkaSubscribeOptions,
  work: Work,
  onProgress: () => void,
): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topics: options.topics, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: partitionsAtOnce,
    eachBatch: joinCalls(async (payloads) => {
      await consumeBatches(payloads, options, work)
      onProgress()
    }),
  })
}

/**
 * Delivers the partitions of a fetch as one batch and commits their offsets together; throws when either fails, and then
 * KafkaJS fetches the same offsets again.
 */
async function consumeBatches(
  payloads: EachBatchPayload[],
  { onRecords, log }: KafkaSubscribeOptions,
  work: Work,
): Promise<void> {
  const live = payloads.filter(
    ({ batch, isRunning, isStale }) => isRunning() && !isStale() && batch.messages.length > 0,
  )
  const [first] = live
  if (first === undefined) {
    return
  }
  const records = live.flatMap(({ batch }) => readRecords(batch, log))
  const signOfLife = setInterval(() => {
    // If the group rebalances, the commit below tells.
    first.heartbeat().catch(() => {})
  }, signOfLifeMs)
  try {
    if (records.length > 0) {
      work.underWay = onRecords(records)
      await work.underWay
    }
  } finally {
    clearInterval(signOfLife)
  }
  await first.commitOffsetsIfNecessary({ topics: toOffsets(live.map(({ batch }) => batch)) })
}

function readRecords({ topic, partition, messages }: Batch, log: WorkerLog | undefined): EventRecord[] {
  return messages.flatMap((message) => {
    const read = fromMessage(topic, message)
    if ('fault' in read) {
      log?.error({ topic, partition, offset: message.offset, fault: read.fault }, 'left out a message that is no event')
      return []
    }
    return [read.record]
  })
}

/** Returns, by topic, what follows the batches. */
function toOffsets(batches: Batch[]) {
  const topics = [...new Set(batches.map(({ topic }) => topic))]
  return topics.map((topic) => ({
    topic,
    partitions: batches
      .filter((batch) => batch.topic === topic)
      .map((batch) => ({ partition: batch.partition, offset: String(BigInt(batch.lastOffset()) + 1n) })),
  }))
}
