/** For statements that may take long because nobody waits for them: looks at what they do, and ends them on request. */
import type { Client } from '@freehold/postgres'
import { findBlockers } from './blockers.ts'
import { readIndexProgress } from './index-progress.ts'
import { progressMs } from './limits.ts'
import { throwIfStopped } from './pause.ts'
import type { RunContext } from './run-context.ts'

/** Runs a long statement of `context.client`; tells whom it waits for and how far it is; a stop cancels it. */
export async function allowPatience<T>(context: RunContext, stepId: string, work: () => Promise<T>): Promise<T> {
  throwIfStopped(context.signal)
  const startedAt = Date.now()
  let looking: Promise<void> | undefined
  const look = async (cancel: boolean): Promise<void> => {
    const watcher = await context.watcher()
    if (cancel) {
      await watcher.query('SELECT pg_cancel_backend($1)', [context.pid])
    }
    await report(context, stepId, watcher, Date.now() - startedAt)
  }
  // What goes wrong while looking is no reason to end the work.
  const tick = (cancel: boolean): void => {
    looking ??= look(cancel)
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }
  // Asked for again at each tick, since a cancel that comes between two statements of the work ends neither.
  const timer = setInterval(() => tick(context.signal.aborted), progressMs)
  const onAbort = (): void => tick(true)
  context.signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await work()
  } finally {
    clearInterval(timer)
    context.signal.removeEventListener('abort', onAbort)
    // A cancel still on its way would meet the next statement.
    await looking
  }
}

async function report(context: RunContext, stepId: string, watcher: Client, waitedMs: number): Promise<void> {
  const progress = await readIndexProgress(watcher, context.pid)
  const blockers = await findBlockers(watcher, context.pid)
  if (progress !== undefined) {
    context.onFact({ kind: 'stepProgress', stepId, ...progress, perSecond: null, remainingMs: null })
  }
  if (blockers.length > 0) {
    context.onFact({ kind: 'waiting', stepId, relation: null, mode: null, waitedMs, attempts: 1, blockers })
  }
}
