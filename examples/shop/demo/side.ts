import { setTimeout as wait } from 'node:timers/promises'
import { withClient } from '../../../tools/durable-server.ts'
import { freehold, prismaDeploy } from './command.ts'
import type { Role, ShopServer } from './database.ts'
import { type Release, startRelease } from './processes.ts'
import { startTraffic, summarize, type Traffic, type TrafficSummary } from './traffic.ts'

/** How one side gets from version 1 to version 2. */
export interface Way {
  /** Runs before version 2 starts. */
  migrate(databaseUrl: string, signal: AbortSignal): Promise<void>
  /** Runs when version 1 is gone. */
  finish?(databaseUrl: string, signal: AbortSignal): Promise<void>
}

/** What the callers of one side saw from the start of the migration to its end. */
export interface SideResult extends TrafficSummary {
  /** The same 99th percentile in the seconds before the migration. */
  p99BeforeMs: number
  /** From the start of the migration to the moment when only version 2 is left. */
  seconds: number
}

export interface SideOptions {
  server: ShopServer
  database: string
  rows: { customers: number; orders: number }
  requestsPerS: number
  reportS: number
  signal: AbortSignal
  say(line: string): void
}

/** The first requests of new processes are slow for reasons of their own; the last part of this is looked at. */
const warmUpMs = 4000
const beforeMs = 1500
const afterMs = 1000

/** As `prisma migrate deploy` does: each file as it stands. */
export const plainWay: Way = { migrate: (url, signal) => prismaDeploy(2, url, signal) }

/** With Freehold: expand, let both versions run, then contract. */
export const freeholdWay: Way = {
  migrate: (url, signal) => freehold(2, ['deploy', '--yes'], url, signal),
  finish: (url, signal) => freehold(2, ['complete', '--yes'], url, signal),
}

/** Takes a database that version 1 is using, under steady traffic and beside a long report, to version 2. */
export async function runSide(way: Way, options: SideOptions): Promise<SideResult> {
  const { server, database, signal } = options
  const url = (role: Role): string => server.url(database, role)
  const releases: Release[] = []
  let traffic: Traffic | undefined
  try {
    const first = await startRelease(1, url('orders_app'), signal)
    releases.push(first)
    traffic = startTraffic({
      orders: first.orders,
      reports: first.reports,
      requestsPerS: options.requestsPerS,
      customers: options.rows.customers,
      orderIdMax: options.rows.orders,
    })
    await wait(warmUpMs, undefined, { signal })
    const startedAt = Date.now()
    const report = runReport(url('orders_report'), options.reportS, signal)
    const switched = switchOver(way, options, first, traffic, releases).then(() => Date.now())
    const [endedAt] = await Promise.all([switched, report])
    await wait(afterMs, undefined, { signal })
    const samples = await traffic.stop()
    return {
      ...summarize(samples, startedAt, endedAt + afterMs),
      p99BeforeMs: summarize(samples, startedAt - beforeMs, startedAt).p99Ms,
      seconds: Math.round((endedAt - startedAt) / 100) / 10,
    }
  } finally {
    traffic?.kill()
    await Promise.all(releases.map((release) => release.stop()))
  }
}

async function switchOver(
  way: Way,
  options: SideOptions,
  first: Release,
  traffic: Traffic,
  releases: Release[],
): Promise<void> {
  const { server, database, signal, say } = options
  const owner = server.url(database, 'orders_owner')
  say('  migrating')
  await way.migrate(owner, signal)
  say('  starting version 2')
  const second = await startRelease(2, server.url(database, 'orders_app'), signal)
  releases.push(second)
  say('  switching the traffic; version 1 ends when it has answered')
  await traffic.switchTo(second)
  await first.stop()
  if (way.finish !== undefined) {
    say('  completing')
    await way.finish(owner, signal)
  }
}

/** A report that reads the orders and stays in its transaction: what any change of the table has to get past. */
async function runReport(databaseUrl: string, seconds: number, signal: AbortSignal): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    const end = Date.now() + seconds * 1000
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query('SELECT status, count(*) FROM public.orders GROUP BY status')
    await wait(Math.max(0, end - Date.now()), undefined, { signal })
    await client.query('COMMIT')
  })
}
