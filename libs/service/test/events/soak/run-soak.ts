// Publisher, relay, consumer and broker as processes that are killed at random moments, and what has to hold afterwards:
// nothing lost, nothing twice in effect, the order of each key kept.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startServer } from '@freehold/postgres/embedded'
import { type Kysely, sql } from 'kysely'
import type { EventsBroker } from '../harness.ts'
import { createServiceDatabase, openDb } from '../service-schema.ts'
import { billingTables, ordersTables } from './counter.ts'
import { type KillableProcess, startKillable } from './killable-process.ts'

export interface SoakOptions {
  broker: EventsBroker
  events: number
  kills: number
  /** Mean time between two kills: the events are published no faster than in all of these. */
  betweenKillsMs: number
  say?(line: string): void
}

/** What a soak found. The first three have to be zero. */
export interface SoakFigures {
  lost: number
  twice: number
  outOfOrder: number
  deadLetters: number
  published: number
  applied: number
  /** Records that the transport delivered, those it delivered again included. */
  delivered: number
  kills: Record<string, number>
  seconds: number
}

type Victim = { name: string; killAndRestart(): Promise<void> }

const settleMsMax = 180_000

/** Runs the soak on a database server of its own; the broker is the caller's. */
export async function runSoak(options: SoakOptions): Promise<SoakFigures> {
  const startedAt = performance.now()
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-soak-'))
  const deliveries = path.join(folder, 'deliveries')
  await writeFile(deliveries, '')
  const server = await startServer({ major: 18, ephemeral: false, authentication: 'trust' })
  const processes: KillableProcess[] = []
  const db = openDb<unknown>(server.url('shop'), 1)
  try {
    await createServiceDatabase(server, 'shop', { orders: ordersTables, billing: billingTables })
    const [orders, billing] = [server.url('shop', 'orders'), server.url('shop', 'billing')]
    const eventsUrl = { orders: options.broker.url('orders'), billing: options.broker.url('billing') }
    const rate = Math.ceil(options.events / ((options.kills * options.betweenKillsMs) / 1000))
    const start = async (name: string, args: string[]): Promise<KillableProcess> => {
      const started = await startKillable(name, args)
      processes.push(started)
      return started
    }
    const relays = await Promise.all(['r1', 'r2'].map((each) => start('relay', [orders, eventsUrl.orders, each])))
    const consumers = await Promise.all(
      ['c1', 'c2'].map((each) => start('consumer', [billing, eventsUrl.billing, each, deliveries])),
    )
    const publisher = await start('publisher', [orders, String(options.events), String(rate)])
    const brokerVictim: Victim = {
      name: 'broker',
      async killAndRestart() {
        await options.broker.kill()
        await options.broker.restart()
      },
    }
    const kills = await killAtRandom(options, db, [[publisher], relays, consumers, [brokerVictim]])
    await publisher.done
    await settle(db)
    const delivered = (await readFile(deliveries, 'utf8')).split('\n').reduce((sum, line) => sum + Number(line), 0)
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return { ...(await judge(db)), delivered, kills, seconds }
  } finally {
    await Promise.all(processes.map((each) => each.stop()))
    await db.destroy()
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

/** Kills one of each kind in turn, the kinds in a new random order each round, while the events are published. */
async function killAtRandom(
  { events, kills, say }: SoakOptions,
  db: Kysely<unknown>,
  kinds: Victim[][],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  let round: Victim[][] = []
  for (let kill = 1; kill <= kills; kill += 1) {
    const dueAt = (events * (kill - Math.random())) / (kills + 0.5)
    while ((await countPublished(db)) < dueAt) {
      await delay(20)
    }
    if (round.length === 0) {
      round = kinds
        .map((kind) => ({ kind, rank: Math.random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ kind }) => kind)
    }
    const candidates = round.pop() ?? []
    const victim = candidates[Math.floor(Math.random() * candidates.length)]
    if (victim === undefined) {
      continue
    }
    const { published, applied } = await count(db)
    say?.(`kill ${kill}: ${victim.name}, with ${published} published and ${applied} applied`)
    await victim.killAndRestart()
    counts[victim.name] = (counts[victim.name] ?? 0) + 1
  }
  return counts
}

async function countPublished(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ published: number }>`
    SELECT sum(version)::integer AS published FROM orders.counters`.execute(db)
  return rows[0]?.published ?? 0
}

async function count(db: Kysely<unknown>): Promise<{ published: number; applied: number; waiting: number }> {
  const { rows } = await sql<{ published: number; applied: number; waiting: number }>`
    SELECT (SELECT sum(version)::integer FROM orders.counters) AS published,
      (SELECT count(*)::integer FROM billing.effects) AS applied,
      (SELECT count(*)::integer FROM orders.outbox) AS waiting`.execute(db)
  return rows[0] ?? { published: 0, applied: 0, waiting: 0 }
}

/** Resolves when all that was published has taken effect, or when nothing has changed for long. */
async function settle(db: Kysely<unknown>): Promise<void> {
  let last = await count(db)
  let changedAt = performance.now()
  while (last.waiting > 0 || last.applied < last.published) {
    if (performance.now() - changedAt > settleMsMax) {
      return
    }
    await delay(100)
    const now = await count(db)
    changedAt = now.applied === last.applied && now.waiting === last.waiting ? changedAt : performance.now()
    last = now
  }
}

async function judge(db: Kysely<unknown>): Promise<Omit<SoakFigures, 'delivered' | 'kills' | 'seconds'>> {
  const { rows } = await sql<{ lost: number; twice: number; out_of_order: number; dead_letters: number }>`
    SELECT
      (SELECT coalesce(sum(c.version - (
        SELECT count(DISTINCT e.version) FROM billing.effects e WHERE e.key = c.key AND e.version BETWEEN 1 AND c.version
      )), 0)::integer FROM orders.counters c) AS lost,
      (SELECT (count(*) - count(DISTINCT (key, version)))::integer FROM billing.effects) AS twice,
      (SELECT count(*)::integer FROM (
        SELECT version, lag(version, 1, 0) OVER (PARTITION BY key ORDER BY position) AS before FROM billing.effects
      ) AS steps WHERE version <> before + 1) AS out_of_order,
      (SELECT count(*)::integer FROM billing.dead_letters) AS dead_letters`.execute(db)
  const { published, applied } = await count(db)
  const found = rows[0] ?? { lost: -1, twice: -1, out_of_order: -1, dead_letters: -1 }
  return {
    lost: found.lost,
    twice: found.twice,
    outOfOrder: found.out_of_order,
    deadLetters: found.dead_letters,
    published,
    applied,
  }
}
