// CloudEvents 1.0 in the binary mode of its Kafka binding: attributes as headers, the data alone as the value.

import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import { holdsNul } from '../holds-nul.ts'
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

/** What a message is: a record, or why it is none. */
export type ReadMessage = { record: EventRecord } | { fault: string }

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
// The index of dead letters takes no longer ones.
const keyBytesMax = 1024

/**
 * Returns the record that a message holds, or why it holds none: anybody who reaches the broker can write one, and what
 * the inbox cannot store would come again for ever.
 */
export function fromMessage(topic: string, { key, value, headers }: KafkaMessage): ReadMessage {
  const attribute = (name: string): string | undefined => headers?.[name]?.toString()
  const id = attribute('ce_id')?.toLowerCase() ?? ''
  const type = attribute('ce_type') ?? ''
  const source = attribute('ce_source') ?? ''
  const time = toTime(attribute('ce_time') ?? '')
  const keyText = key?.toString() ?? ''
  if (!uuidForm.test(id)) {
    return { fault: 'ce_id is no UUID' }
  }
  if (type === '' || type.includes('\0')) {
    return { fault: 'ce_type names no type' }
  }
  if (source !== topic.split('.')[1]) {
    return { fault: 'ce_source is not the context of the topic' }
  }
  if (time === undefined) {
    return { fault: 'ce_time is no time in ISO 8601' }
  }
  if (keyText.includes('\0') || Buffer.byteLength(keyText) > keyBytesMax) {
    return { fault: `the key has a NUL character or more than ${keyBytesMax} bytes` }
  }
  const data = parseData(value)
  if ('fault' in data) {
    return data
  }
  const record = { id, type, topic, key: keyText, source, time, data: data.parsed }
  const traceparent = attribute('traceparent')
  return {
    record: traceparent === undefined || !traceparentForm.test(traceparent) ? record : { ...record, traceparent },
  }
}

/** Returns the time as Postgres takes it; there is no year 0 there. */
function toTime(text: string): string | undefined {
  const time = new Date(text)
  if (!timeForm.test(text) || Number.isNaN(time.getTime())) {
    return undefined
  }
  const normal = time.toISOString()
  return /^(?!0000)\d{4}-/.test(normal) ? normal : undefined
}

function parseData(value: Buffer | null): { parsed: unknown } | { fault: string } {
  try {
    const parsed: unknown = JSON.parse(value?.toString() ?? '')
    return holdsNul(JSON.stringify(parsed)) ? { fault: 'the data have a NUL character' } : { parsed }
  } catch {
    return { fault: 'the data are no JSON' }
  }
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
