/** What runs beside the requests of a service until it is closed. */
export interface Worker {
  /** Resolves when what was under way is over. */
  close(): Promise<void>
  status(): WorkerStatus
}

export interface WorkerStatus {
  state: string
  lastError?: string
}

/** The part of a pino logger that workers use. */
export interface WorkerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const backoffMs = { first: 50, max: 5_000 }

/** Returns how long to wait before the next attempt after so many that failed: twice as long each time, up to 5 s. */
export function backoffAfter(failures: number): number {
  return Math.min(backoffMs.max, backoffMs.first * 2 ** Math.min(failures - 1, 20))
}

/** Resolves after the time, or at once when the signal is aborted. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return
  }
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, durationMs)
    signal.addEventListener('abort', finish)
  })
}

/**
 * How long a worker that is told to end waits for what is under way: enough for a transport that is well. What is given up
 * then is still in the outbox, or comes from the transport again.
 */
const endingMsMax = 1_000

/** Returns what the work gives; rejects when it is not over soon after the signal. */
export async function endSoonAfter<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let giveUp: () => void = () => {}
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = () => reject(new Error(`not over ${endingMsMax} ms after its worker was told to end`))
  })
  let timer: NodeJS.Timeout | undefined
  const countDown = (): void => {
    timer = setTimeout(giveUp, endingMsMax)
  }
  signal.addEventListener('abort', countDown, { once: true })
  if (signal.aborted) {
    countDown()
  }
  try {
    return await Promise.race([work, givenUp])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', countDown)
  }
}

/** Resolves when the work is over, however it ends, or after the time. */
export async function waitAtMost(durationMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const ended = work.then(
    () => {},
    () => {},
  )
  await Promise.race([ended, pause(durationMs, over.signal)])
  over.abort()
}

/** Resolves when the signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
}

/** Returns the text of an error for a status or a dead letter, with that of its causes. */
export function toErrorText(error: unknown): string {
  // Postgres stores no NUL, and a message may repeat what the event holds.
  return describe(error).replaceAll('\0', '\u{fffd}')
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error)
  }
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`
}
