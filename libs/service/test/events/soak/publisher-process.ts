// node publisher-process.ts DATABASE_URL EVENTS PER_SECOND: raises counters until the database has so many events, at no
// more than the rate. Transactions overlap, take a number early and commit late, change several keys, and roll back.

import { setTimeout as delay } from 'node:timers/promises'
import { sql, type Transaction } from 'kysely'
import { publishEvent } from '../../../src/events/index.ts'
import { openDb } from '../service-schema.ts'
import { counterRaised, type OrdersTables } from './counter.ts'

const [url = '', events = '0', perSecond = '0'] = process.argv.slice(2)
const connections = 8
const db = openDb<OrdersTables>(url, connections)
const { total } = await db
  .selectFrom('counters')
  .select(({ fn }) => fn.sum<string>('version').as('total'))
  .executeTakeFirstOrThrow()
let committed = Number(total)
const startedAt = performance.now()
const startedWith = committed

class RolledBack extends Error {}

async function raise(trx: Transaction<OrdersTables>): Promise<number> {
  if (Math.random() < 0.3) {
    // Gets a transaction id before the wait for the rows: the order of ids is not that of the changes.
    await trx.insertInto('notes').defaultValues().execute()
  }
  const numbers = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => 1 + Math.floor(Math.random() * 200))
  // In one order, so that no two transactions wait for each other.
  const keys = [...new Set(numbers)].sort((a, b) => a - b).map((n) => `key ${n}`)
  for (const key of keys) {
    const { version } = await trx
      .updateTable('counters')
      .set({ version: sql`version + 1` })
      .where('key', '=', key)
      .returning('version')
      .executeTakeFirstOrThrow()
    await publishEvent(trx, counterRaised, key, { version })
  }
  if (Math.random() < 0.02) {
    await sql`SELECT pg_sleep(0.03)`.execute(trx)
  }
  if (Math.random() < 0.05) {
    throw new RolledBack()
  }
  return keys.length
}

async function raiseUntilDone(): Promise<void> {
  while (committed < Number(events)) {
    const aheadMs = ((committed - startedWith) / Number(perSecond)) * 1000 - (performance.now() - startedAt)
    if (aheadMs > 0) {
      await delay(aheadMs)
    }
    try {
      const raised = await db.transaction().execute(raise)
      committed += raised
    } catch (error) {
      if (!(error instanceof RolledBack)) {
        throw error
      }
    }
  }
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: connections }, raiseUntilDone))
await db.destroy()
process.stdout.write('done\n')
