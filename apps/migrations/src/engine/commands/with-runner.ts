import { maxLockMsDefault } from '../plan/limits.ts'
import { lockDeadlineMsDefault } from '../run/limits.ts'
import { openRunner, type Runner } from '../run/runner.ts'
import type { Target } from './target.ts'

/** Runs the work as the only runner on the database, and lets others in again. */
export async function withRunner<T>(
  target: Target,
  options: { maxLockMs?: number },
  work: (runner: Runner) => Promise<T>,
): Promise<T> {
  target.onFact({ kind: 'preparing', what: 'connect' })
  const runner = await openRunner(target, {
    maxLockMs: options.maxLockMs ?? maxLockMsDefault,
    lockDeadlineMs: lockDeadlineMsDefault,
  })
  try {
    return await work(runner)
  } finally {
    await runner.close()
  }
}
