import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, problems } from '../problem.ts'

/** Throws the Problem `stopped` when a stop was asked for. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new Problem(problems.stopped, 'stopped as asked; what is finished stays and is in the journal')
  }
}

/** Waits, and throws the Problem `stopped` as soon as a stop is asked for. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  throwIfStopped(signal)
  await sleep(ms, undefined, { signal }).catch(() => throwIfStopped(signal))
}

/** Returns the time with up to half of it added by chance, so that two that met do not meet again. */
export function withJitter(ms: number): number {
  return ms * (1 + Math.random() / 2)
}
