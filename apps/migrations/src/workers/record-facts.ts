import type { Fact } from '@freehold/contracts-migrations'
import type { WorkerLog } from '@freehold/service/events'
import type { Fact as EngineFact } from '#engine/index.ts'
import { appendFacts } from '../store/facts.ts'
import type { Lease } from '../store/leases.ts'
import type { Store } from '../store/schema.ts'

const flushMs = 200

export interface FactRecorder {
  onFact(fact: EngineFact): void
  /** Resolves when what was told is written, or is lost with the lease. */
  close(): Promise<void>
}

/** Returns a recorder that writes what the engine tells, a few times a second, without what must not be kept. */
export function recordFacts(options: {
  store: Store
  runIds: string[]
  lease?: Lease
  redact<T>(value: T): T
  log: WorkerLog
}): FactRecorder {
  const { store, runIds, lease, redact, log } = options
  let waiting: Fact[] = []
  let writing = Promise.resolve()
  const flush = (): void => {
    const facts = waiting
    waiting = []
    if (facts.length > 0) {
      writing = writing
        .then(async () => {
          for (const runId of runIds) {
            await appendFacts(store, runId, facts, lease)
          }
        })
        // The journal in the database is the truth; what is told of it may be missing.
        .catch((error: unknown) => log.warn({ err: error, runIds }, 'facts of a run could not be written'))
    }
  }
  const timer = setInterval(flush, flushMs)
  return {
    onFact(fact) {
      const last = waiting.at(-1)
      if (last !== undefined && replaces(fact, last)) {
        waiting.pop()
      }
      waiting.push(redact(withoutQueries(fact)))
    },
    async close() {
      clearInterval(timer)
      flush()
      await writing
    },
  }
}

/** Of what moves many times a second the latest is enough. */
function replaces(fact: EngineFact, before: Fact): boolean {
  const isMoving = fact.kind === 'stepProgress' || fact.kind === 'waiting'
  return isMoving && before.kind === fact.kind && before.stepId === fact.stepId
}

/** Others' statements hold values of rows. */
function withoutQueries(fact: EngineFact): Fact {
  return fact.kind === 'waiting'
    ? { ...fact, blockers: fact.blockers.map((blocker) => ({ ...blocker, query: null })) }
    : fact
}
