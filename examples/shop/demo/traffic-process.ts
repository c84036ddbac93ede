// Sends requests at a fixed rate, whether or not earlier ones were answered, and counts each from the moment it was due:
// a service that stands still for a second makes all requests of that second slow, not only the first.
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Sample, Targets, TrafficOptions, TrafficOrder, TrafficReport } from './traffic.ts'

const timeoutMs = 10_000
const options = JSON.parse(process.argv[2] ?? '') as TrafficOptions

interface Way {
  targets: Targets
  agent: Agent
  underWay: number
  onIdle: (() => void) | null
}

const samples: Sample[] = []
let way = openWay(options)
let sent = 0
let state = 20261102
const startedAt = performance.now()
const timer = setInterval(sendDue, 2)

function openWay(targets: Targets): Way {
  return { targets, agent: new Agent({ keepAlive: true }), underWay: 0, onIdle: null }
}

function sendDue(): void {
  const due = Math.floor(((performance.now() - startedAt) * options.requestsPerS) / 1000)
  while (sent < due) {
    sent += 1
    send(way, performance.timeOrigin + startedAt + (sent * 1000) / options.requestsPerS)
  }
}

function send(to: Way, dueAt: number): void {
  const { method, url, body } = nextRequest(to.targets)
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  let ended = false
  const end = (failure: string | null): void => {
    if (ended) {
      return
    }
    ended = true
    clearTimeout(timeout)
    samples.push({ dueAt, latencyMs: performance.timeOrigin + performance.now() - dueAt, failure })
    to.underWay -= 1
    if (to.underWay === 0) {
      to.onIdle?.()
    }
  }
  to.underWay += 1
  const call = request(url, { method, headers, agent: to.agent }, (response) => {
    const status = response.statusCode ?? 0
    response.resume()
    response.once('end', () => end(status >= 200 && status < 300 ? null : `${method} answered ${status}`))
  })
  const timeout = setTimeout(() => call.destroy(new Error('no answer within 10 s')), timeoutMs)
  call.once('error', (error) => end(error.message))
  call.once('close', () => end('the connection was closed'))
  call.end(body)
}

/** The same numbers in each run (mulberry32), so that both sides see the same requests. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}

/** The shop's day: customers look at their orders, new orders come in, the warehouse moves them on. */
function nextRequest(targets: Targets): { method: string; url: string; body?: string } {
  const kind = random()
  const customer = 1 + Math.floor(random() * options.customers)
  const order = 1 + Math.floor(random() * options.orderIdMax)
  if (kind < 0.35) {
    return { method: 'GET', url: `${targets.orders}/orders/${order}` }
  }
  if (kind < 0.55) {
    return { method: 'GET', url: `${targets.orders}/customers/${customer}/orders` }
  }
  if (kind < 0.7) {
    return { method: 'GET', url: `${targets.reports}/customers/${customer}/revenue` }
  }
  if (kind < 0.85) {
    const status = ['paid', 'shipped', 'cancelled'][Math.floor(random() * 3)]
    return { method: 'PATCH', url: `${targets.orders}/orders/${order}`, body: JSON.stringify({ status }) }
  }
  const lines = [{ sku: `sku-${order % 500}`, quantity: 1 + (order % 4), price: 100 + (order % 5000) }]
  const body = JSON.stringify({ customerId: customer, currency: order % 3 === 0 ? 'SEK' : 'EUR', lines })
  return { method: 'POST', url: `${targets.orders}/orders`, body }
}

async function drain(old: Way): Promise<void> {
  if (old.underWay > 0) {
    await new Promise<void>((resolve) => {
      old.onIdle = resolve
    })
  }
  old.agent.destroy()
}

function tell(report: TrafficReport, then?: () => void): void {
  process.send?.(report, () => then?.())
}

process.on('message', (order: TrafficOrder) => {
  const old = way
  if ('switchTo' in order) {
    way = openWay(order.switchTo)
    void drain(old).then(() => tell({ drained: true }))
  } else {
    clearInterval(timer)
    void drain(old).then(() => tell({ samples }, () => process.disconnect()))
  }
})
// Without its parent nobody wants the figures.
process.on('disconnect', () => process.exit())
// Ctrl-C on a terminal reaches all processes; the parent says when to stop.
process.on('SIGINT', () => {})
