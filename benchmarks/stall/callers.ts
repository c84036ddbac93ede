import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Statements } from './cases.ts'

export interface CallersOptions {
  url: string
  callers: number
  requestsPerS: number
  idMax: number
  statements: Statements
}

/** One request: when it was due (epoch milliseconds), how long after that it was answered, and its SQLSTATE if it failed. */
export interface Sample {
  dueAt: number
  waitMs: number
  failure: string | null
}

export type CallersOrder = { switchTo: Statements; callers: number[] } | { stop: true }
export type CallersReport = { ready: true } | { samples: Sample[] }

/** Callers in a process of their own that send at a fixed rate, whatever the answers do. */
export interface Callers {
  /** The callers with these numbers send the statements of another version from their next request on. */
  switchTo(statements: Statements, callers: number[]): void
  stop(): Promise<Sample[]>
  kill(): void
}

/** Starts the callers and returns when all are connected. */
export async function startCallers(options: CallersOptions): Promise<Callers> {
  const file = path.join(import.meta.dirname, 'callers-process.ts')
  const child = fork(file, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await nextReport(child)
  const tell = (order: CallersOrder): void => {
    child.send(order)
  }
  return {
    switchTo: (statements, callers) => tell({ switchTo: statements, callers }),
    async stop() {
      tell({ stop: true })
      const report = await nextReport(child)
      return 'samples' in report ? report.samples : []
    },
    kill: () => {
      child.kill('SIGKILL')
    },
  }
}

async function nextReport(child: ChildProcess): Promise<CallersReport> {
  const ended = new AbortController()
  const [report] = await Promise.race([
    once(child, 'message', { signal: ended.signal }),
    once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('the callers ended before their time')
    }),
  ]).finally(() => ended.abort())
  return report as CallersReport
}
