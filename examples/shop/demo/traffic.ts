import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'

/** What the traffic process is told, and what it tells. */
export type TrafficOrder = { switchTo: Targets } | { stop: true }
export type TrafficReport = { drained: true } | { samples: Sample[] }

export interface Targets {
  orders: string
  reports: string
}

export interface TrafficOptions extends Targets {
  requestsPerS: number
  customers: number
  orderIdMax: number
}

/** One request: when it was due (epoch milliseconds), how long after that its answer was there, and what was wrong. */
export interface Sample {
  dueAt: number
  latencyMs: number
  failure: string | null
}

export interface TrafficSummary {
  requests: number
  failed: number
  longestStallMs: number
  p99Ms: number
  failures: Record<string, number>
}

/** Sums up the requests that were due in `[from, to)`. */
export function summarize(samples: Sample[], from: number, to: number): TrafficSummary {
  const counted = samples.filter((sample) => sample.dueAt >= from && sample.dueAt < to)
  const latencies = counted.map((sample) => sample.latencyMs).sort((a, b) => a - b)
  const failures: Record<string, number> = {}
  for (const { failure } of counted) {
    if (failure !== null) {
      failures[failure] = (failures[failure] ?? 0) + 1
    }
  }
  return {
    requests: counted.length,
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    longestStallMs: Math.round(latencies.at(-1) ?? 0),
    p99Ms: Math.round(latencies[Math.max(0, Math.ceil(latencies.length * 0.99) - 1)] ?? 0),
    failures,
  }
}

/** Steady traffic from a process of its own, so that nothing that happens in this one slows it. */
export interface Traffic {
  /** Sends all further requests elsewhere, and returns when the old processes have answered what they were asked. */
  switchTo(targets: Targets): Promise<void>
  /** Stops sending and returns every request when the last is answered. */
  stop(): Promise<Sample[]>
  kill(): void
}

/** Starts sending requests. */
export function startTraffic(options: TrafficOptions): Traffic {
  const file = path.join(import.meta.dirname, 'traffic-process.ts')
  const child = fork(file, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  return {
    async switchTo(targets) {
      await ask(child, { switchTo: targets })
    },
    async stop() {
      const report = await ask(child, { stop: true })
      return 'samples' in report ? report.samples : []
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}

async function ask(child: ChildProcess, order: TrafficOrder): Promise<TrafficReport> {
  return await new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('the traffic process ended before its time'))
    child.once('exit', onExit)
    child.once('message', (report) => {
      child.off('exit', onExit)
      resolve(report as TrafficReport)
    })
    child.send(order)
  })
}
