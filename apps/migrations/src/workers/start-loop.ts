import type { Worker, WorkerLog } from '@freehold/service/events'

export interface LoopOptions {
  name: string
  /** How long it waits after it found nothing to do. */
  pollMs: number
  /** How many jobs it does at the same time. */
  parallelMax: number
  /** Returns the next job, or undefined where there is none. A job ends soon after its signal is aborted. */
  take(signal: AbortSignal): Promise<(() => Promise<void>) | undefined>
  /** How long closing waits for jobs that do not heed their signal. */
  closeMsMax?: number
  log: WorkerLog
}

// Long enough for a step to be given up, short enough for what ends processes.
const closeMsMaxDefault = 8000

/**
 * Starts taking and doing jobs until it is closed. Closing resolves when the last one has ended, or after a while: what a
 * job held is then taken over by another process once its lease has run out.
 */
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
      await waitAtMost(running, options.closeMsMax ?? closeMsMaxDefault, () =>
        log.warn({ worker: name, jobs: jobs.size }, 'a worker closes without waiting any longer for its jobs'),
      )
    },
    status: () => ({
      state: stop.signal.aborted ? 'closed' : `${jobs.size} jobs`,
      ...(lastError === undefined ? {} : { lastError }),
    }),
  }
}

async function waitAtMost(work: Promise<void>, timeoutMs: number, onTimeout: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      onTimeout()
      resolve()
    }, timeoutMs)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
