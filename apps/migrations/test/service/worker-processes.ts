/** Instances of the service as processes of their own, which a test kills as kill -9 does. */

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import type { Platform } from './platform.ts'

export interface WorkerProcess {
  instance: string
  /** What it wrote to its log. */
  logged(): string
  kill(): Promise<void>
}

const main = path.resolve(import.meta.dirname, '../../src/main.ts')
const inherited = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'FREEHOLD_CACHE_DIR']

/** Starts an instance; it takes up work when it is ready, which nobody waits for. */
export function startWorkerProcess(
  platform: Platform,
  instance: string,
  settings: Record<string, string> = {},
): WorkerProcess {
  const env = Object.fromEntries(inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { ...env, ...platform.env({ INSTANCE: instance, ...settings }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-1_000_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    instance,
    logged: () => log,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
