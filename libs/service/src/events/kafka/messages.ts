// CloudEvents 1.0 in the binary mode of its Kafka binding: attributes as headers, the data alone as the value.

import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import type { EventRecord } from '../transport.ts'

/** Returns the record as a Kafka message. */
export function toMessage(record: EventRecord): Message {
  const headers: IHeaders = {
    ce_specversion: '1.0',
    ce_id: record.id,
    ce_type: record.type,
    ce_source: record.source,
    ce_time: record.time,
    'content-type': 'application/json',
  }
  if (record.traceparent !== undefined) {
    headers['traceparent'] = record.traceparent
  }
  return { key: record.key, value: JSON.stringify(record.data), headers }
}

/** Returns the record that a message holds, or undefined when it is no CloudEvent with JSON data. */
export function fromMessage(topic: string, { key, value, headers }: KafkaMessage): EventRecord | undefined {
  const attribute = (name: string): string | undefined => headers?.[name]?.toString()
  const [id, type, source, time] = ['ce_id', 'ce_type', 'ce_source', 'ce_time'].map(attribute)
  if (id === undefined || type === undefined || source === undefined || time === undefined || value === null) {
    return undefined
  }
  let data: unknown
  try {
    data = JSON.parse(value.toString())
  } catch {
    return undefined
  }
  const record = { id, type, topic, key: key?.toString() ?? '', source, time, data }
  const traceparent = attribute('traceparent')
  return traceparent === undefined ? record : { ...record, traceparent }
}

/** Returns the messages of records by topic, cut into batches that a broker takes; order is kept. */
export function toBatches(records: EventRecord[], bytesMax: number): Map<string, Message[]>[] {
  const batches: Map<string, Message[]>[] = []
  let room = 0
  for (const record of records) {
    const message = toMessage(record)
    const bytes = sizeOf(message)
    let batch = batches.at(-1)
    if (batch === undefined || bytes > room) {
      batch = new Map()
      batches.push(batch)
      room = bytesMax
    }
    room -= bytes
    const messages = batch.get(record.topic)
    if (messages === undefined) {
      batch.set(record.topic, [message])
    } else {
      messages.push(message)
    }
  }
  return batches
}

// Headers are some 300 bytes; the length of their names and of the framing is left room for in the limit.
function sizeOf({ key, value }: Message): number {
  return Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '') + 500
}
