// How the broker is to know this service, and this service the broker: from the settings to what kafkajs takes.

import { readFileSync } from 'node:fs'
import type { KafkaConfig, SASLOptions } from 'kafkajs'

/** The settings that say how a broker lets this service in; all are optional. */
export interface KafkaAccess {
  KAFKA_TLS_CA?: string | undefined
  KAFKA_SASL_MECHANISM?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined
  KAFKA_USERNAME?: string | undefined
  KAFKA_PASSWORD_FILE?: string | undefined
}

/** Returns the brokers of a `kafka://` or `kafka+ssl://` URL, and how to connect to them. Throws a TypeError. */
export function toKafkaClient(
  url: string,
  access: KafkaAccess,
): Pick<KafkaConfig, 'ssl' | 'sasl'> & { brokers: string[] } {
  const [, tls, hosts = ''] = /^kafka(\+ssl)?:\/\/(.*?)\/?$/.exec(url) ?? []
  const brokers = hosts.split(',')
  if (!brokers.every((broker) => /^[^\s:/@]+:\d+$/.test(broker))) {
    throw new TypeError('the URL of the events should read kafka://host:port,host:port, or kafka+ssl://… with TLS')
  }
  const sasl = toSasl(access)
  if (tls === undefined) {
    if (access.KAFKA_TLS_CA !== undefined) {
      throw new TypeError('KAFKA_TLS_CA asks for TLS, so EVENTS_URL has to begin with kafka+ssl://')
    }
    if (sasl?.mechanism === 'plain') {
      throw new TypeError(
        'KAFKA_SASL_MECHANISM=plain sends the password as it is, so EVENTS_URL has to begin with kafka+ssl://',
      )
    }
  }
  return {
    brokers,
    ...(tls === undefined
      ? {}
      : { ssl: access.KAFKA_TLS_CA === undefined ? true : { ca: [readFile('KAFKA_TLS_CA', access.KAFKA_TLS_CA)] } }),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

function toSasl(access: KafkaAccess): SASLOptions | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_USERNAME: username, KAFKA_PASSWORD_FILE: file } = access
  if (mechanism === undefined && username === undefined && file === undefined) {
    return undefined
  }
  if (mechanism === undefined || username === undefined || file === undefined) {
    throw new TypeError('KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD_FILE go together')
  }
  return { mechanism, username, password: readFile('KAFKA_PASSWORD_FILE', file).replace(/\r?\n$/, '') } as SASLOptions
}

function readFile(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new TypeError(`the file that ${setting} names cannot be read`, { cause })
  }
}
