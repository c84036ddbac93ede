import { applicationName, type ServiceIdentity } from '../../identity.ts'
import type { EventRecord, EventTransport } from '../transport.ts'
import { toErrorText, type WorkerLog } from '../worker.ts'
import { createSession, type Query } from './session.ts'
import { subscribeToLog } from './subscribe-to-log.ts'

export interface PostgresLogOptions {
  url: string
  identity: ServiceIdentity
  /** How long a member of a group that says nothing keeps its partitions. */
  leaseMs?: number
  log?: WorkerLog
}

const leaseMsDefault = 10_000
const pruneEveryMs = 60_000
const prunedRecordsMax = 10_000

/**
 * Returns a transport over the events log in a Postgres database (sql/events-log.sql), whose functions the URL's role has
 * been admitted to. It connects when first used.
 */
export function createPostgresLog({
  url,
  identity,
  leaseMs = leaseMsDefault,
  log,
}: PostgresLogOptions): EventTransport {
  const clientName = applicationName(identity)
  const session = createSession({ url, applicationName: clientName })
  const subscriptions = new Set<{ close(): Promise<void> }>()
  const pruning = setInterval(() => {
    session.query(pruneRecords).catch((error: unknown) => log?.warn({ err: error }, 'could not prune the events log'))
  }, pruneEveryMs)
  pruning.unref()

  return {
    async publish(records) {
      if (records.length > 0) {
        await session.query(appendRecords(records))
      }
    },
    async subscribe(options) {
      const subscription = subscribeToLog({
        ...options,
        url,
        instance: identity.instance,
        applicationName: clientName,
        leaseMs,
        log,
      })
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
        const { rows } = await session.query<{ admitted: boolean }>(askAdmission)
        return rows[0]?.admitted === true ? undefined : 'the role may not use the events log'
      } catch (error) {
        return `the events log cannot be reached: ${toErrorText(error)}`
      }
    },
    async close() {
      clearInterval(pruning)
      await Promise.all([...subscriptions].map((subscription) => subscription.close()))
      await session.close()
    },
  }
}

const pruneRecords: Query = {
  name: 'prune-records',
  text: 'SELECT events.prune_records($1)',
  values: [prunedRecordsMax],
}

const askAdmission: Query = {
  name: 'ask-admission',
  text: "SELECT has_function_privilege('events.prune_records(integer)', 'EXECUTE') AS admitted",
  values: [],
}

function appendRecords(records: EventRecord[]): Query {
  return {
    name: 'append-records',
    text: 'SELECT events.append_records($1, $2, $3, $4, $5, $6, $7, $8::text[]::json[])',
    values: [
      records.map(({ topic }) => topic),
      records.map(({ key }) => key),
      records.map(({ id }) => id),
      records.map(({ type }) => type),
      records.map(({ source }) => source),
      records.map(({ time }) => time),
      records.map(({ traceparent }) => traceparent ?? null),
      records.map(({ data }) => JSON.stringify(data)),
    ],
  }
}
