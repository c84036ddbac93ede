/** The ways to change a column's type that are compared. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { withClient } from '../../tools/durable-server.ts'
import { programs } from '../measure.ts'

/** What a contender did, as its own work shows. */
export interface Work {
  /** The largest resident set of its process, MiB; null where all of it is the server's. */
  memoryMib: number | null
  /** The longest time that a step held its locks by its own account; null where it gives none. */
  heldMs: number | null
}

export interface Contender {
  name: string
  /** False for what keeps callers out for its whole length, so that none are there. */
  isOnline: boolean
  /** Changes `customer_id` of `orders` from integer to bigint, or does the part of it that the name says. */
  run(url: string, migrations: string): Promise<Work>
}

const inServer: Work = { memoryMib: null, heldMs: null }

/** Rows of one UPDATE of a backfill written by hand; a common choice between commits that cost and row locks that last. */
const batchRows = 10_000

/** The statement as written. */
const plain: Contender = {
  name: 'plain statement',
  isOnline: false,
  async run(url) {
    await withClient(url, async (client) => {
      await client.query('ALTER TABLE orders ALTER COLUMN customer_id TYPE bigint')
    })
    return inServer
  },
}

/** What the disk allows: the rows written once, and the indexes. */
const createTableAs: Contender = {
  name: 'CREATE TABLE AS and indexes',
  isOnline: true,
  async run(url) {
    await withClient(url, async (client) => {
      await client.query(
        `CREATE TABLE copied AS SELECT id, customer_id::bigint AS customer_id, status, region, amount, note, created_at FROM orders`,
      )
      await client.query('ALTER TABLE copied ADD PRIMARY KEY (id)')
      await client.query('CREATE INDEX ON copied (customer_id)')
    })
    return inServer
  },
}

/** A new column that is kept by a trigger, and a backfill in batches: what is done by hand without a tool. */
const batchedUpdate: Contender = {
  name: 'batched UPDATE',
  isOnline: true,
  async run(url) {
    await withClient(url, async (client) => {
      await client.query(`ALTER TABLE orders ADD COLUMN customer_id_new bigint;
        CREATE FUNCTION keep_customer_id() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN NEW.customer_id_new := NEW.customer_id; RETURN NEW; END $$;
        CREATE TRIGGER keep_customer_id BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep_customer_id()`)
      const { rows } = await client.query<{ last: number }>('SELECT max(id)::float8 AS last FROM orders')
      for (let from = 0; from < (rows[0]?.last ?? 0); from += batchRows) {
        await client.query(`UPDATE orders SET customer_id_new = customer_id WHERE id > $1 AND id <= $2`, [
          from,
          from + batchRows,
        ])
      }
      await client.query('CREATE INDEX CONCURRENTLY ON orders (customer_id_new)')
    })
    return inServer
  },
}

/** `freehold migrate deploy --phase all`: planning, rehearsal, proof and verification are part of it. */
const freehold: Contender = {
  name: 'Freehold (twin)',
  isOnline: true,
  async run(url, migrations) {
    const args = [
      programs.freehold,
      'migrate',
      'deploy',
      '--phase',
      'all',
      '--yes',
      '--json',
      '--migrations',
      migrations,
    ]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, DATABASE_URL: url, DIRECT_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    let memoryMib = 0
    const sampling = setInterval(() => {
      memoryMib = peakMib(child.pid) ?? memoryMib
    }, 100)
    const [code] = (await once(child, 'close')) as [number | null]
    clearInterval(sampling)
    if (code !== 0) {
      throw new Error(`freehold ended with ${code}: ${output}`)
    }
    const { run } = JSON.parse(output) as { run: { heldMsMax: number } | null }
    return { memoryMib, heldMs: run?.heldMsMax ?? null }
  },
}

/** Returns the most memory that the process has had so far; undefined once it has ended, or where there is no /proc. */
function peakMib(pid: number | undefined): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024)
  } catch {
    return undefined
  }
}

export const contenders: Contender[] = [plain, createTableAs, batchedUpdate, freehold]
