import { Problem, problems } from '../problem.ts'

/** How long a plan may take, and what ends it sooner. */
export interface PlanDeadline {
  /** Aborted when the plan is given up; sessions that work for it are ended then. */
  signal: AbortSignal
  /** Why it was given up, if it was. */
  problem(): Problem | undefined
  close(): void
}

/** Starts the time of a plan. Without `timeoutMs` it ends only when it is told to. */
export function startDeadline(options: { signal: AbortSignal; timeoutMs?: number | undefined }): PlanDeadline {
  const { signal, timeoutMs } = options
  const late = new AbortController()
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => late.abort(), timeoutMs)
  return {
    signal: AbortSignal.any([signal, late.signal]),
    problem() {
      if (signal.aborted) {
        return new Problem(problems.stopped, 'stopped as asked before the plan was made; nothing was changed')
      }
      return late.signal.aborted
        ? new Problem(problems.planTimedOut, `the plan was not made within ${timeoutMs} ms; nothing was changed`)
        : undefined
    },
    close: () => clearTimeout(timer),
  }
}
