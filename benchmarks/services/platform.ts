import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { programs } from '../measure.ts'

/** A platform in a folder of its own. */
export interface Workplace {
  /** Starts `freehold up` as the published package has it, and resolves when it says that it is up. */
  up(env?: Record<string, string>): Promise<RunningPlatform>
  remove(): Promise<void>
}

export interface RunningPlatform {
  pid: number
  /** From the start of the process until it said that it is up. */
  readyMs: number
  urls: Record<string, string>
  stop(): Promise<void>
}

/** What a platform is started with. */
export interface Program {
  node: string
  freehold: string
}

/** Makes a folder in which a platform can be started. */
export async function createWorkplace(
  program: Program = { node: process.execPath, freehold: programs.freehold },
): Promise<Workplace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-benchmark-'))
  // Root's Postgres runs under another account, which has to get there.
  await chmod(folder, 0o755)
  return {
    async up(env = {}) {
      const startedAt = performance.now()
      const child = spawn(program.node, [program.freehold, 'up', '--port', '0', '--json'], {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      let said = ''
      const document = await new Promise<{ pid: number; urls: Record<string, string> }>((resolve, reject) => {
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString()
          if (said.endsWith('}\n')) {
            resolve(JSON.parse(said))
          }
        })
        void ended.then(() => reject(new Error(`the platform did not come up: ${said}`)))
      })
      const readyMs = performance.now() - startedAt
      return {
        pid: document.pid,
        urls: document.urls,
        readyMs,
        async stop() {
          child.kill('SIGTERM')
          await ended
        },
      }
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  }
}
