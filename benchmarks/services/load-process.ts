// node load-process.ts OPTIONS: sends requests and tells its parent how long they took; see load.ts.

import { Agent, get } from 'node:http'
import { round } from '../measure.ts'
import type { LoadOptions, LoadReport } from './load.ts'

const { url, token, connections, seconds, perSecond } = JSON.parse(process.argv[2] ?? '') as LoadOptions
const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
const waitsMs: number[] = []

async function ask(agent: Agent): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get(url, { agent, headers }, (response) => {
      response.resume().once('close', () => resolve(response.complete && response.statusCode === 200))
    })
    request.once('error', () => resolve(false))
  })
}

let failed = 0
async function send(agent: Agent, number: number, startAt: number): Promise<void> {
  const endAt = startAt + seconds * 1000
  const everyMs = perSecond === undefined ? 0 : (connections * 1000) / perSecond
  for (let sent = 0; ; sent += 1) {
    const dueAt = perSecond === undefined ? performance.now() : startAt + (sent + number / connections) * everyMs
    if (dueAt >= endAt) {
      return
    }
    // Late because the one before is not answered: that is the service's time. Late because of a timer: it is not.
    let from = dueAt
    if (dueAt > performance.now()) {
      await new Promise((resolve) => setTimeout(resolve, dueAt - performance.now()))
      from = performance.now()
    }
    failed += (await ask(agent)) ? 0 : 1
    waitsMs.push(performance.now() - from)
  }
}

const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
await Promise.all(agents.map(ask))
const startAt = performance.now()
await Promise.all(agents.map((agent, number) => send(agent, number, startAt)))
const tookS = (performance.now() - startAt) / 1000
for (const agent of agents) {
  agent.destroy()
}
waitsMs.sort((a, b) => a - b)
const quantile = (share: number): number =>
  round(waitsMs[Math.min(waitsMs.length - 1, Math.floor(waitsMs.length * share))] ?? Number.NaN, 2)
const report: LoadReport = {
  requests: waitsMs.length,
  failed,
  perSecond: Math.round(waitsMs.length / tookS),
  latencyMs: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
}
process.send?.(report, () => process.disconnect())
