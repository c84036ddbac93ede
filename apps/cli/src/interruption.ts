import { exitCodes } from './exit-codes.ts'
import type { Surroundings } from './surroundings.ts'

/** What SIGTERM and Ctrl-C lead to: the first one aborts the signal, a second one ends the process. */
export interface Interruption {
  signal: AbortSignal
  /** Stops listening. */
  close(): void
}

/** Starts to listen; `say` tells a person what happens. */
export function listenForInterruption(surroundings: Surroundings, say: (text: string) => void): Interruption {
  const controller = new AbortController()
  const close = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      say('cut off: the step under way was not ended; run the same command again to go on, or freehold migrate undo')
      surroundings.exitNow(exitCodes.stopped)
      return
    }
    say('stopping: the batch under way is ended first; once more (Ctrl-C) cuts it off')
    controller.abort()
  })
  return { signal: controller.signal, close }
}

/** As above where nothing has to be said: a second signal ends the process at once. */
export function listenForAbort(surroundings: Surroundings): Interruption {
  const controller = new AbortController()
  const close = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      surroundings.exitNow(exitCodes.stopped)
    }
    controller.abort()
  })
  return { signal: controller.signal, close }
}
