/** The service in this process, asked through app.inject by a typed client. */

import { setTimeout as sleep } from 'node:timers/promises'
import { createMigrationsClient } from '@freehold/contracts-migrations'
import { createLogger, loadConfig } from '@freehold/service'
import type { EventRecord, EventTransport, SubscribeOptions } from '@freehold/service/events'
import { createTestIssuer, type TestIssuer } from '@freehold/service/testing'
import { buildApp } from '../../src/app.ts'
import { migrationsConfig } from '../../src/config.ts'
import type { Platform } from './platform.ts'

type App = Awaited<ReturnType<typeof buildApp>>
export type Asking = ReturnType<typeof createMigrationsClient>

export interface Service {
  app: App
  /** A person who may do everything with the service `shop`. */
  client: Asking
  issueToken: TestIssuer['issueToken']
  clientOf(subject: string, roles: Record<string, 'viewer' | 'operator' | 'owner'>): Asking
  /** What was published, in order. */
  events: EventRecord[]
  /** Lets the service's consumer have a record, as the broker does. */
  deliver(record: EventRecord): Promise<void>
  /** What was logged. */
  logged(): string
  close(): Promise<void>
}

/** Builds the service; `WORKERS: 'off'` leaves the work to other processes. */
export async function buildService(platform: Platform, settings: Record<string, string> = {}): Promise<Service> {
  const issuer = await createTestIssuer()
  const env = platform.env({ INSTANCE: 'test', ...settings })
  const config = loadConfig(migrationsConfig, env)
  const lines: string[] = []
  const identity = { name: 'migrations', version: '0.1.0', instance: 'test' }
  const logger = createLogger(identity, 'debug', { write: (line: string) => void lines.push(line) })
  const events: EventRecord[] = []
  const subscriptions: SubscribeOptions[] = []
  const app = await buildApp({
    config,
    env,
    verifier: issuer.verifier,
    transport: collectInto(events, subscriptions),
    logger,
  })
  const clientOf: Service['clientOf'] = (subject, roles) =>
    createMigrationsClient({
      baseUrl: 'http://migrations.test',
      token: async () => await issuer.issueToken(subject, roles),
      fetch: injectInto(app),
    })
  return {
    app,
    client: clientOf('person:ada', { shop: 'owner' }),
    issueToken: issuer.issueToken,
    clientOf,
    events,
    deliver: async (record) => {
      await Promise.all(subscriptions.map(async ({ onRecords }) => await onRecords([record])))
    },
    logged: () => lines.join(''),
    close: async () => await app.close(),
  }
}

function collectInto(events: EventRecord[], subscriptions: SubscribeOptions[]): EventTransport {
  return {
    publish: async (records) => void events.push(...records),
    subscribe: async (options) => {
      subscriptions.push(options)
      return { close: async () => {} }
    },
    isReachable: async () => undefined,
    close: async () => {},
  }
}

function injectInto(app: App): typeof fetch {
  return async (input, init) => {
    const url = new URL(String(input))
    const ask = async () =>
      await app.inject({
        method: (init?.method ?? 'GET') as 'GET',
        url: url.pathname + url.search,
        headers: init?.headers as Record<string, string>,
        ...(init?.body == null ? {} : { payload: String(init.body) }),
      })
    let answer = await ask()
    // A caller that heeds Retry-After: the tests of other houses may keep the machine busy.
    while (answer.statusCode === 503 && answer.headers['retry-after'] !== undefined) {
      await sleep(Number(answer.headers['retry-after']) * 100)
      answer = await ask()
    }
    const isEmpty = answer.statusCode === 204
    return new Response(isEmpty ? null : answer.rawPayload, {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
    })
  }
}
