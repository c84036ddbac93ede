import { type Client, quoteQualified } from '@freehold/postgres'
import { ownServices } from '../up/own-services.ts'
import type { LoggedEvent, Progress } from './contract.ts'

/** Asks a database of the platform as its operator. */
export type Ask = <T>(database: string, work: (session: Client) => Promise<T>) => Promise<T>

/** Returns how far services are with their schemas and events. */
export async function readProgress(ask: Ask): Promise<Progress> {
  const [services, groups] = await Promise.all([
    Promise.all(ownServices.map(async (name) => await ask(name, async (session) => await readService(session, name)))),
    ask('events', readGroups),
  ])
  return { services, groups }
}

async function readService(session: Client, name: string): Promise<Progress['services'][number]> {
  const { rows } = await session.query<{
    version: string | null
    waiting: number
    oldest: Date | null
    letters: number
  }>(
    `SELECT (SELECT migration_name FROM ${quoteQualified(name, '_prisma_migrations')}
              WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY started_at DESC, migration_name DESC LIMIT 1) AS version,
            (SELECT count(*)::int FROM ${quoteQualified(name, 'outbox')}) AS waiting,
            (SELECT min(time) FROM ${quoteQualified(name, 'outbox')}) AS oldest`,
  )
  const [row] = rows
  return {
    name,
    schemaVersion: row?.version ?? null,
    outboxEvents: row?.waiting ?? 0,
    outboxOldestAt: row?.oldest?.toISOString() ?? null,
    deadLetters: await countLetters(session, name),
  }
}

/** Who consumes nothing has no table of dead letters. */
async function countLetters(session: Client, service: string): Promise<number> {
  const table = quoteQualified(service, 'dead_letters')
  const { rowCount } = await session.query('SELECT WHERE to_regclass($1) IS NOT NULL', [table])
  if (rowCount === 0) {
    return 0
  }
  const { rows } = await session.query<{ letters: number }>(`SELECT count(*)::int AS letters FROM ${table}`)
  return rows[0]?.letters ?? 0
}

async function readGroups(session: Client): Promise<Progress['groups']> {
  const { rows } = await session.query<{ group: string; topic: string; lag: number }>(
    `SELECT group_name AS "group", topic, sum(end_offset - committed_offset)::int AS lag
       FROM events.describe_groups() GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  return rows.map(({ group, topic, lag }) => ({ group, topic, lagEvents: lag }))
}

interface EventRow {
  id: string
  type: string
  topic: string
  key: string
  source: string
  time: Date
  traceparent: string | null
  data: unknown
}

const toEvent = ({ id, type, topic, key, source, time, traceparent, data }: EventRow): LoggedEvent => ({
  ...{ id, type, topic, key, source, traceparent, data },
  time: time.toISOString(),
})

/** Returns the latest events of the log that fit, the latest last. */
export async function readEvents(
  ask: Ask,
  wanted: { limit: number; type?: string | undefined; key?: string | undefined },
): Promise<LoggedEvent[]> {
  const { rows } = await ask('events', async (session) =>
    session.query<EventRow>(
      `SELECT r.id, r.type, p.topic, r.key, r.source, r.time, r.traceparent, r.data
         FROM events.records r JOIN events.partitions p ON p.id = r.partition_id
        WHERE starts_with(r.type, $1) AND ($2::text IS NULL OR r.key = $2)
        ORDER BY r.appended_at DESC, r.partition_id, r.record_offset DESC LIMIT $3`,
      [wanted.type ?? '', wanted.key ?? null, wanted.limit],
    ),
  )
  return rows.map(toEvent).reverse()
}
