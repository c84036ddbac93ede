// Each caller has one connection and sends its requests in turn, each at its fixed time: while one waits, the next are
// late, and their wait counts from when they were due.
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { type Client, connect, sqlstateOf } from '@freehold/postgres'
import type { CallersOptions, CallersOrder, CallersReport, Sample } from './callers.ts'

const options = JSON.parse(process.argv[2] ?? '') as CallersOptions
const samples: Sample[] = []
const statements = Array.from({ length: options.callers }, () => options.statements)
let stopped = false

async function call(caller: number, client: Client, startAt: number): Promise<void> {
  const everyMs = (options.callers * 1000) / options.requestsPerS
  for (let sent = 0; !stopped; sent += 1) {
    const dueAt = startAt + (sent + caller / options.callers) * everyMs
    const early = dueAt - performance.now()
    if (early > 0) {
      await wait(early)
    }
    const { read, write } = statements[caller] ?? options.statements
    const id = 1 + Math.floor(Math.random() * options.idMax)
    const failure = await client.query(sent % 2 === 0 ? read : write, [id]).then(
      () => null,
      (error: unknown) => sqlstateOf(error) ?? String(error),
    )
    samples.push({ dueAt: performance.timeOrigin + dueAt, waitMs: performance.now() - dueAt, failure })
  }
}

function tell(report: CallersReport, then?: () => void): void {
  process.send?.(report, () => then?.())
}

const clients = await Promise.all(
  Array.from({ length: options.callers }, () => connect({ connectionString: options.url, applicationName: 'callers' })),
)
const startAt = performance.now() + 50
const calling = Promise.all(clients.map((client, caller) => call(caller, client, startAt)))
process.on('message', (order: CallersOrder) => {
  if ('switchTo' in order) {
    for (const caller of order.callers) {
      statements[caller] = order.switchTo
    }
    return
  }
  stopped = true
  void calling
    .then(() => Promise.all(clients.map((client) => client.end())))
    .then(() => tell({ samples }, () => process.disconnect()))
})
process.on('disconnect', () => process.exit())
tell({ ready: true })
