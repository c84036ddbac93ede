import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** A process of the soak that is started again with the same arguments after each kill. */
export interface KillableProcess {
  name: string
  /** kill -9 once it is ready; resolves when it runs again. */
  killAndRestart(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
  /** Resolves when the process ends by itself, with its work done. */
  done: Promise<void>
}

/** Starts `<name>-process.ts`; it says `ready` when it works, and `done` if it ever ends by itself. */
export async function startKillable(name: string, args: string[]): Promise<KillableProcess> {
  let finish = (): void => {}
  let fail = (_: Error): void => {}
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  // Those that nobody waits for may still fail.
  done.catch(() => {})
  let expectedEnd = false
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, `${name}-process.ts`), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const said = chunk.toString()
        if (said.includes('done')) {
          finish()
        }
        resolve()
      })
      child.once('exit', (code) => {
        const error = new Error(`the ${name} ended with ${code}`)
        reject(error)
        if (code !== 0 && !expectedEnd) {
          fail(error)
        }
      })
    })
    return child
  }
  const end = async (child: ChildProcess): Promise<void> => {
    expectedEnd = true
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    expectedEnd = false
  }
  let child = await start()
  return {
    name,
    done,
    async killAndRestart() {
      await end(child)
      child = await start()
    },
    stop: () => end(child),
  }
}
