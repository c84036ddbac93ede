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
