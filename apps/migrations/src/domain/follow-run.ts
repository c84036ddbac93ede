import { setTimeout as sleep } from 'node:timers/promises'
import type { RunFact } from '@freehold/contracts-migrations'
import { readFacts } from '../store/facts.ts'
import { getRun } from '../store/runs.ts'
import type { Store } from '../store/schema.ts'
import { restingStates } from './run-states.ts'

const pollMs = 250
const batchFacts = 500

/** Yields the facts of a run behind the position as they come, until the run rests and all are told. */
export async function* followRun(
  store: Store,
  input: { service: string; runId: string; after: number; signal: AbortSignal },
): AsyncGenerator<RunFact, void> {
  let position = input.after
  while (!input.signal.aborted) {
    // Read before the facts, so that those of the change into this state are among them.
    const run = await getRun(store, input.service, input.runId)
    const facts = await readFacts(store, input.runId, position, batchFacts)
    for (const fact of facts) {
      yield fact
      position = fact.position
    }
    if (facts.length < batchFacts && restingStates.includes(run.state)) {
      return
    }
    if (facts.length < batchFacts) {
      await sleep(pollMs, undefined, { signal: input.signal }).catch(() => {})
    }
  }
}
