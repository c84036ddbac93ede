import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { holdsNul } from '../holds-nul.ts'
import { toErrorText } from '../worker.ts'
import { fromMessage, toMessage } from './messages.ts'

const topic = 'freehold.orders.order.v1'
const record = {
  id: '019a0000-0000-7000-8000-00000000000a',
  type: 'freehold.orders.order.placed.v1',
  topic,
  key: 'a',
  source: 'orders',
  time: '2026-01-02T03:04:05.678Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { note: 'a \\u0000 that is only spelt' },
}

function received(changes: { headers?: Record<string, string>; key?: string; value?: string } = {}): KafkaMessage {
  const { key, value, headers } = toMessage(record)
  return {
    key: Buffer.from(changes.key ?? (key as string)),
    value: Buffer.from(changes.value ?? (value as string)),
    headers: { ...headers, ...changes.headers },
    timestamp: '0',
    attributes: 0,
    offset: '0',
  }
}

describe('a message', () => {
  it('comes back as the record that it was', () => {
    expect(fromMessage(topic, received())).toEqual({ record })
    expect(fromMessage(topic, received({ headers: { ce_id: record.id.toUpperCase() } }))).toEqual({ record })
  })

  it.each<[string, Parameters<typeof received>[0]]>([
    ['an id that is no UUID', { headers: { ce_id: 'order-1' } }],
    ['another source than the topic’s context', { headers: { ce_source: 'billing' } }],
    ['a time that is none', { headers: { ce_time: 'yesterday' } }],
    ['a time that Postgres does not know', { headers: { ce_time: '0000-01-01T00:00:00Z' } }],
    ['a NUL in the key', { key: 'a\0' }],
    ['a key that no index takes', { key: 'a'.repeat(5000) }],
    ['a NUL in the data', { value: '{"note":"\\u0000"}' }],
    ['a NUL in a name of the data', { value: '{"\\u0000":1}' }],
    ['data that are no JSON', { value: '{' }],
  ])('with %s is no record', (_, changes) => {
    expect(fromMessage(topic, received(changes))).toEqual({ fault: expect.any(String) })
  })

  it('loses a traceparent that is none', () => {
    const { traceparent: _, ...rest } = record
    expect(fromMessage(topic, received({ headers: { traceparent: 'x\0' } }))).toEqual({ record: rest })
  })
})

it('finds a NUL behind escaped backslashes only where it is one', () => {
  expect(['\0', '\\\0', '\\u0000', '\\\\u0000'].map((text) => holdsNul(JSON.stringify(text)))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(toErrorText(new Error('a\0b', { cause: 'c\0' }))).not.toContain('\0')
})
