import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toKafkaClient } from './kafka-access.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'freehold-kafka-access-'))
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}
const sasl = { KAFKA_USERNAME: 'orders', KAFKA_PASSWORD_FILE: file('password', 'se cret\n') }

afterAll(() => rmSync(folder, { recursive: true }))

describe('toKafkaClient', () => {
  it('connects in the clear and unknown where nothing else is asked for', () => {
    expect(toKafkaClient('kafka://a:9092,b:9093/', {})).toEqual({ brokers: ['a:9092', 'b:9093'] })
  })

  it('checks the broker by the certificates of the system, or by those of a file', () => {
    expect(toKafkaClient('kafka+ssl://a:9092', {})).toEqual({ brokers: ['a:9092'], ssl: true })
    expect(toKafkaClient('kafka+ssl://a:9092', { KAFKA_TLS_CA: file('ca.pem', 'CERTIFICATE') })).toEqual({
      brokers: ['a:9092'],
      ssl: { ca: ['CERTIFICATE'] },
    })
  })

  it('signs in with the password of a file', () => {
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      expect(toKafkaClient('kafka+ssl://a:9092', { ...sasl, KAFKA_SASL_MECHANISM: mechanism }).sasl).toEqual({
        mechanism,
        username: 'orders',
        password: 'se cret',
      })
    }
  })

  it.each<[string, Parameters<typeof toKafkaClient>, RegExp]>([
    ['a password in the clear', ['kafka://a:1', { ...sasl, KAFKA_SASL_MECHANISM: 'plain' }], /kafka\+ssl/],
    ['certificates that nobody checks', ['kafka://a:1', { KAFKA_TLS_CA: 'ca.pem' }], /kafka\+ssl/],
    ['a name without a mechanism', ['kafka+ssl://a:1', sasl], /go together/],
    ['a file that is not there', ['kafka+ssl://a:1', { KAFKA_TLS_CA: '/none' }], /KAFKA_TLS_CA/],
    ['a user in the URL', ['kafka+ssl://user:secret@a:1', {}], /should read/],
  ])('refuses %s, and repeats no secret', (_, parameters, message) => {
    expect(() => toKafkaClient(...parameters)).toThrow(message)
    expect(() => toKafkaClient(...parameters)).not.toThrow(/secret|se cret/)
  })
})
