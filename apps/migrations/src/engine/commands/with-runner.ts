import { maxLockMsDefault } from '../plan/limits.ts'
import { lockDeadlineMsDefault } from '../run/limits.ts'
import { toInterruption } from '../run/run-context.ts'
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
  } catch (error) {
    // While it reads and plans, the connection may be lost as well.
    throw toInterruption(error, target.signal) ?? error
  } finally {
    await runner.close()
  }
}
