/** Deploys a migration while an application that does not know of it goes on writing. */
import { complete, type DeployOutcome, deploy, type Target } from '@freehold/migrations/engine'
import { type Catalog, parseMigration, readCatalog, relationKey, wordsOfText } from '@freehold/migrations/testing'
import type { Client } from '@freehold/postgres'
import { type Bench, createDatabase, open, runPlainly, targetOf } from './bench.ts'
import type { CorpusMigration } from './corpus.ts'
import { inPossibleOrder, play, proposeWrites, withoutRefused } from './writers.ts'

/** Between two writes, so that they meet several steps. */
const pauseMs = 2
const options = { completePrevious: false, maxLockMs: 100 }

/** Deploys while the writes go on; those that are left when it ends are made in the window, which is then completed. */
export async function deployUnderWrites(bench: Bench, writes: string[]): Promise<DeployOutcome> {
  const writer = await open(bench, bench.online)
  const running = Promise.withResolvers<void>()
  const playing = running.promise.then(async () => await play(writer, writes, pauseMs))
  playing.catch(() => {})
  const target = targetOf(bench, bench.online)
  try {
    const onFact: Target['onFact'] = ({ kind }) => kind === 'phaseStarted' && running.resolve()
    const outcome = await deploy({ ...target, onFact }, { ...options, phase: 'expand' })
    running.resolve()
    await playing
    if (outcome.outcome === 'windowOpen') {
      await complete(target, options)
    }
    return outcome
  } finally {
    await writer.end()
  }
}

/** Returns writes after which the migration still succeeds as written; none where there are no such. */
export async function findWrites(bench: Bench, migration: CorpusMigration): Promise<string[]> {
  const statements = await parseMigration({ id: migration.id, checksum: '', sql: migration.sql }).catch(() => undefined)
  if (statements === undefined) {
    return []
  }
  const onScratch = async <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    await withSession(bench, bench.scratch, work)
  await createDatabase(bench, bench.scratch, bench.plain)
  const proposed = await onScratch(async (client) => await proposeWrites(client, await readCatalog(client), statements))
  await createDatabase(bench, bench.scratch, bench.plain)
  if (proposed.length === 0 || (await runPlainly(bench, bench.scratch, migration)) !== null) {
    return []
  }
  const allowed = await onScratch(async (client) => await withoutRefused(client, proposed))
  const writes = await withSession(bench, bench.online, async (client) => await inPossibleOrder(client, allowed))
  await createDatabase(bench, bench.scratch, bench.plain)
  await playOn(bench, bench.scratch, writes)
  return (await runPlainly(bench, bench.scratch, migration)) === null ? writes : []
}

async function withSession<T>(bench: Bench, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await open(bench, database)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Makes all the writes, each in a transaction of its own. */
export async function playOn(bench: Bench, database: string, writes: string[]): Promise<void> {
  if (writes.length > 0) {
    await withSession(bench, database, async (client) => await play(client, writes, 0))
  }
}

/**
 * Returns the tables that functions of triggers name, as differences name them: what these write for an application's rows
 * depends on when a row is written, and in how many transactions.
 */
export function writtenByTriggers({ functions, relations }: Catalog): Set<string> {
  const code = functions.filter(({ result }) => result === 'trigger').map(({ definition }) => definition)
  const named = new Set(code.flatMap((text) => [...wordsOfText(text)]))
  return new Set(relations.filter(({ name }) => named.has(name)).map(relationKey))
}
