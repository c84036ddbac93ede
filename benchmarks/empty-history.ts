// A whole history on an empty database: trigger.dev's, by `freehold migrate deploy` and by Prisma's own engine.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findCorpus, readHistory } from '../tools/corpus/corpus.ts'
import { startDurableServer, withClient } from '../tools/durable-server.ts'
import { buildPrograms, median, programs, round, runProgram, writeResults } from './measure.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    history: { type: 'string', default: 'triggerdotdev__trigger.dev' },
  },
})
const runs = Number(values.runs)

const corpus = findCorpus()
if (corpus === undefined) {
  throw new Error('the corpus is not there; FREEHOLD_CORPUS names its folder')
}
const history = readHistory(corpus, values.history)
const folder = await mkdtemp(path.join(tmpdir(), 'freehold-history-'))
const server = await startDurableServer(['owner'])
const seconds = { freehold: [] as number[], prisma: [] as number[] }
try {
  await buildPrograms(['freehold', 'prisma'])
  await writeFile(path.join(folder, 'migration_lock.toml'), history.migrationLock)
  for (const { id, sql } of history.migrations) {
    await mkdir(path.join(folder, id))
    await writeFile(path.join(folder, id, 'migration.sql'), sql)
  }
  for (let run = 0; run < runs; run += 1) {
    // Each side is first in every other run.
    for (const name of run % 2 === 0 ? (['freehold', 'prisma'] as const) : (['prisma', 'freehold'] as const)) {
      const took = await deployOn(`${name}_${run}`, name)
      seconds[name].push(round(took, 3))
      process.stdout.write(`run ${run + 1}  ${name.padEnd(8)}  ${took.toFixed(2)} s\n`)
    }
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
const medians = { freehold: median(seconds.freehold), prisma: median(seconds.prisma) }
const share = round(medians.freehold / medians.prisma, 3)
process.stdout.write(
  `${history.migrations.length} migrations on an empty database, median of ${runs}: ` +
    `Freehold ${medians.freehold} s, Prisma's engine ${medians.prisma} s (${share})\n`,
)
await writeResults('empty-history', {
  history: history.name,
  migrations: history.migrations.length,
  runs,
  medianSeconds: medians,
  share,
  seconds,
})

async function deployOn(database: string, name: 'freehold' | 'prisma'): Promise<number> {
  await server.createDatabase(database, 'owner')
  const url = server.url(database, 'owner')
  const args = name === 'prisma' ? [folder] : ['migrate', 'deploy', '--yes', '--migrations', folder]
  const run = await runProgram([programs[name], ...args], { DATABASE_URL: url, DIRECT_URL: url })
  const finished = await withClient(url, async (client) => {
    const result = await client.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    )
    return result.rows[0]?.count
  })
  if (finished !== history.migrations.length) {
    throw new Error(`${name} finished ${finished} of ${history.migrations.length} migrations`)
  }
  await server.dropDatabase(database)
  return run.seconds
}
