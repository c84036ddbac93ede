import { exitCodes } from './exit-codes.ts'
import type { Surroundings } from './surroundings.ts'

/** What SIGTERM and Ctrl-C lead to: the first one aborts the signal, a second one ends the process. */
export interface Interruption {
  signal: AbortSignal
  /** What a person is told at the first signal, and at the second. */
  words: { first: string; second: string }
  /** Stops listening. */
  close(): void
}

/** Starts to listen; `say` tells a person what happens. */
export function listenForInterruption(surroundings: Surroundings, say: (text: string) => void): Interruption {
  const controller = new AbortController()
  const words = {
    first: 'stopping: the batch under way is ended first; once more (Ctrl-C) cuts it off',
    second: 'cut off: the step under way was not ended; run the same command again to go on, or freehold migrate undo',
  }
  const close = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      say(words.second)
      surroundings.exitNow(exitCodes.stopped)
      return
    }
    say(words.first)
    controller.abort()
  })
  return { signal: controller.signal, words, close }
}

/** As above where nothing has to be said: a second signal ends the process at once. */
export function listenForAbort(surroundings: Surroundings): Omit<Interruption, 'words'> {
  const controller = new AbortController()
  const close = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      surroundings.exitNow(exitCodes.stopped)
    }
    controller.abort()
  })
  return { signal: controller.signal, close }
}
