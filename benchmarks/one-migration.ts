// One pending migration on a database of 100 tables: planned, proven and run, the whole process.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startDurableServer, withClient } from '../tools/durable-server.ts'
import { buildPrograms, median, programs, round, runProgram, writeResults } from './measure.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } })
const runs = Number(values.runs)
const tables = 100
const rowsPerTable = 100

const migrations = {
  'nullable column': 'ALTER TABLE "table_50" ADD COLUMN "note" TEXT;',
  index: 'CREATE INDEX "table_50_amount_idx" ON "table_50"("amount");',
  'new table with a foreign key': `CREATE TABLE "notes" (
    "id" SERIAL NOT NULL,
    "table_50_id" INTEGER NOT NULL,
    "body" TEXT NOT NULL,

    CONSTRAINT "notes_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "notes" ADD CONSTRAINT "notes_table_50_id_fkey" FOREIGN KEY ("table_50_id") REFERENCES "table_50"("id") ON DELETE RESTRICT ON UPDATE CASCADE;`,
}

/** Tables as Prisma makes them: a key, a few columns, two indexes and a foreign key to the table before. */
function baseMigration(): string {
  const statements = ["CREATE TYPE \"state\" AS ENUM ('open', 'closed');"]
  for (let n = 1; n <= tables; n += 1) {
    const name = `table_${n}`
    statements.push(
      `CREATE TABLE "${name}" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "state" "state" NOT NULL DEFAULT 'open',
    "amount" INTEGER,
    "before_id" INTEGER,
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "${name}_pkey" PRIMARY KEY ("id")
);`,
      `CREATE UNIQUE INDEX "${name}_name_key" ON "${name}"("name");`,
      `CREATE INDEX "${name}_created_at_idx" ON "${name}"("created_at");`,
    )
    if (n > 1) {
      statements.push(
        `ALTER TABLE "${name}" ADD CONSTRAINT "${name}_before_id_fkey" FOREIGN KEY ("before_id") REFERENCES "table_${n - 1}"("id") ON DELETE SET NULL ON UPDATE CASCADE;`,
      )
    }
  }
  return statements.join('\n')
}

const folder = await mkdtemp(path.join(tmpdir(), 'freehold-one-'))
const server = await startDurableServer(['owner'])
const results: Record<string, { medianSeconds: number; seconds: number[] }> = {}
try {
  await buildPrograms(['freehold', 'prisma'])
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeMigration('20260101000000_base', baseMigration())
  await server.createDatabase('base', 'owner')
  await deploy('base')
  await withClient(server.url('base', 'owner'), async (client) => {
    for (let n = 1; n <= tables; n += 1) {
      await client.query(
        `INSERT INTO table_${n} (name, amount, before_id) SELECT 'row ' || i, i, ${n > 1 ? 'i' : 'NULL'} FROM generate_series(1, $1::int) i`,
        [rowsPerTable],
      )
    }
    await client.query('VACUUM ANALYZE')
  })
  for (const [name, sql] of Object.entries(migrations)) {
    await measure(name, sql)
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
await writeResults('one-migration', { tables, rowsPerTable, runs, results })

async function measure(name: string, sql: string): Promise<void> {
  const id = '20260201000000_pending'
  await writeMigration(id, sql)
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) {
    await server.createDatabase('pending', 'owner', 'base')
    seconds.push(round(await deploy('pending'), 3))
    await server.dropDatabase('pending')
  }
  await rm(path.join(folder, id), { recursive: true })
  results[name] = { medianSeconds: median(seconds), seconds }
  process.stdout.write(`${name.padEnd(30)} median ${median(seconds).toFixed(2)} s  of ${seconds.join(', ')}\n`)
}

async function writeMigration(id: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, id), { recursive: true })
  await writeFile(path.join(folder, id, 'migration.sql'), `${sql}\n`)
}

async function deploy(database: string): Promise<number> {
  const url = server.url(database, 'owner')
  const args = [programs.freehold, 'migrate', 'deploy', '--phase', 'all', '--yes', '--migrations', folder]
  return (await runProgram(args, { DATABASE_URL: url, DIRECT_URL: url })).seconds
}
