import type { Worker, WorkerLog } from '@freehold/service/events'

export interface LoopOptions {
  name: string
  /** How long it waits after it found nothing to do. */
  pollMs: number
  /** How many jobs it does at the same time. */
  parallelMax: number
  /** Returns the next job, or undefined where there is none. A job ends soon after its signal is aborted. */
  take(signal: AbortSignal): Promise<(() => Promise<void>) | undefined>
  log: WorkerLog
}

/** Starts taking and doing jobs until it is closed, which resolves when the last one has ended. */
export function startLoop(options: LoopOptions): Worker {
  const { name, pollMs, parallelMax, take, log } = options
  const stop = new AbortController()
  const jobs = new Set<Promise<void>>()
  let wake: () => void = () => {}
  let lastError: string | undefined
  const fail = (error: unknown): void => {
    lastError = error instanceof Error ? error.message : String(error)
    log.warn({ err: error, worker: name }, 'a worker could not go on and will try again')
  }
  const begin = (job: () => Promise<void>): void => {
    const running = job()
      .catch(fail)
      .finally(() => {
        jobs.delete(running)
        wake()
      })
    jobs.add(running)
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const job = jobs.size < parallelMax ? await takeOne() : undefined
      if (job === undefined) {
        await idle()
      } else {
        begin(job)
      }
    }
    await Promise.all(jobs)
  }
  const takeOne = async () => {
    try {
      const job = await take(stop.signal)
      lastError = undefined
      return job
    } catch (error) {
      fail(error)
      return undefined
    }
  }
  const idle = async (): Promise<void> =>
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const running = run()
  return {
    async close() {
      stop.abort()
      wake()
      await running
    },
    status: () => ({
      state: stop.signal.aborted ? 'closed' : `${jobs.size} jobs`,
      ...(lastError === undefined ? {} : { lastError }),
    }),
  }
}
