// npm run demo [-- --json]: takes a shop from version 1 to version 2 twice, plainly and by Freehold, under traffic.
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withClient } from '../../../tools/durable-server.ts'
import { generateClients } from '../orders/generate.ts'
import { prismaDeploy } from './command.ts'
import { fillShop, grantRights, type ShopServer, startShopServer } from './database.ts'
import { freeholdWay, plainWay, runSide, type SideResult } from './side.ts'
import { findFaults, renderTable } from './table.ts'

const rows = { customers: 10_000, orders: 300_000 }
const requestsPerS = 150
const reportS = 5

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const interrupted = new AbortController()
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(event, () => interrupted.abort(new Error(`stopped by ${event}`)))
}

const stopped = new Promise<never>((_, reject) => {
  interrupted.signal.addEventListener('abort', () => reject(interrupted.signal.reason))
})
stopped.catch(() => {})

function say(line: string): void {
  if (!values.json) {
    process.stdout.write(`${line}\n`)
  }
}

async function prepare(server: ShopServer): Promise<void> {
  say(`Making a shop with ${rows.orders.toLocaleString('en')} orders, and two copies of it`)
  await server.createDatabase('template', 'orders_owner')
  const owner = server.url('template', 'orders_owner')
  await Promise.all([generateClients(), prismaDeploy(1, owner, interrupted.signal)])
  await withClient(owner, async (client) => {
    await grantRights(client)
    await fillShop(client, rows)
  })
  interrupted.signal.throwIfAborted()
  await server.createDatabase('plain', 'orders_owner', 'template')
  await server.createDatabase('freehold', 'orders_owner', 'template')
}

async function compare(server: ShopServer): Promise<{ plain: SideResult; freehold: SideResult }> {
  // Rows are made in long statements, which end with the server; nobody has to wait for them.
  await Promise.race([prepare(server), stopped])
  const shared = { server, rows, requestsPerS, reportS, signal: interrupted.signal, say }
  say(`Version 1 to 2 under ${requestsPerS} requests/s, the migrations as written, by Prisma's own engine`)
  const plain = await runSide(plainWay, { ...shared, database: 'plain' })
  await wait(500, undefined, { signal: interrupted.signal })
  say('The same by freehold migrate deploy and freehold migrate complete')
  const freehold = await runSide(freeholdWay, { ...shared, database: 'freehold' })
  return { plain, freehold }
}

async function main(): Promise<number> {
  const server = await startShopServer()
  try {
    const results = await compare(server)
    const faults = findFaults(results)
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ...results, faults }, null, 2)}\n`)
    } else {
      say(renderTable(results))
    }
    for (const fault of faults) {
      process.stderr.write(`${fault}\n`)
    }
    return faults.length === 0 ? 0 : 1
  } finally {
    await server.stop()
  }
}

process.exitCode = await main().catch((error: unknown) => {
  const reason = interrupted.signal.aborted ? interrupted.signal.reason : error
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`)
  return interrupted.signal.aborted ? 130 : 1
})
