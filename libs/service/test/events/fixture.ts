import { v7 as uuidv7 } from 'uuid'
import type { EventRecord, EventTransport, SubscribeOptions, WorkerLog } from '../../src/events/index.ts'

/** A transport in memory: what was published, and a way to deliver records to each subscription. */
export interface RecordingTransport extends EventTransport {
  published: EventRecord[]
  subscriptions: SubscribeOptions[]
  /** Called before records count as published. */
  beforePublish: (records: EventRecord[]) => Promise<void>
}

export function createRecordingTransport(): RecordingTransport {
  const transport: RecordingTransport = {
    published: [],
    subscriptions: [],
    beforePublish: async () => {},
    async publish(records) {
      await transport.beforePublish(records)
      transport.published.push(...records)
    },
    async subscribe(options) {
      transport.subscriptions.push(options)
      return { close: async () => {} }
    },
    isReachable: async () => undefined,
    close: async () => {},
  }
  return transport
}

/** Keeps what was logged. */
export function createRecordingLog(): WorkerLog & { messages: string[] } {
  const messages: string[] = []
  const write = (_: object, message: string): void => {
    messages.push(message)
  }
  return { messages, info: write, warn: write, error: write }
}

export function aRecord(record: Partial<EventRecord> & { topic: string }): EventRecord {
  return {
    id: uuidv7(),
    type: record.topic.replace(/\.v1$/, '.placed.v1'),
    key: 'a',
    source: 'orders',
    time: '2026-01-02T03:04:05.678Z',
    data: {},
    ...record,
  }
}
