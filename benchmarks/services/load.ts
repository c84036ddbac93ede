import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Requests of one kind, sent over connections that stay open, one at a time on each. */
export interface LoadOptions {
  url: string
  token: string
  connections: number
  seconds: number
  /** Each request has its time, and its wait counts from then; without it a connection sends the next at once. */
  perSecond?: number
}

export interface LoadReport {
  requests: number
  /** Answers other than 200, and requests without one. */
  failed: number
  perSecond: number
  latencyMs: { p50: number; p99: number; max: number }
}

/** Sends the load from a process of its own and returns what became of it. */
export async function sendLoad(options: LoadOptions): Promise<LoadReport> {
  const child = fork(path.join(import.meta.dirname, 'load-process.ts'), [JSON.stringify(options)])
  const ended = once(child, 'exit').then(() => {
    throw new Error('the load ended before its time')
  })
  const [report] = (await Promise.race([once(child, 'message'), ended])) as [LoadReport]
  ended.catch(() => {})
  return report
}
