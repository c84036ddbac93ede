import type { Worker, WorkerLog, WorkerStatus } from '@freehold/service/events'

/** Work that is done again and again; each time from what the tables say, so that it can end at any moment. */
export interface Repetition {
  name: string
  everyMs: number
  log: WorkerLog
  work(): Promise<void>
}

const retryMs = 1000

/** Starts the work; it goes on until it is closed, and is tried again soon when it failed. */
export function repeat({ name, everyMs, log, work }: Repetition): Worker {
  const status: WorkerStatus = { state: 'starting' }
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      let waitMs = everyMs
      try {
        await work()
        status.state = 'working'
        delete status.lastError
      } catch (error) {
        waitMs = Math.min(retryMs, everyMs)
        status.state = 'failing'
        status.lastError = error instanceof Error ? error.message : String(error)
        log.warn({ error, worker: name }, `${name} failed`)
      }
      await wait(waitMs, stop.signal)
    }
    status.state = 'closed'
  }
  const running = run()
  return {
    status: () => ({ ...status }),
    async close() {
      stop.abort()
      await running
    },
  }
}

async function wait(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return
  }
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, durationMs)
    signal.addEventListener('abort', end)
  })
}
