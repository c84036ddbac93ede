import type { Worker } from '@freehold/service/events'
import { pruneHistory } from '../store/prune-history.ts'
import { startLoop } from './start-loop.ts'
import type { WorkerSetup } from './worker-setup.ts'

const pollMs = 60 * 60_000

/** Starts removing what nobody comes back to, each hour as much as there is. */
export function startPruner({ store, log }: WorkerSetup): Worker {
  return startLoop({
    name: 'pruner',
    pollMs,
    parallelMax: 1,
    log,
    take: async () => ((await pruneHistory(store)) ? async () => {} : undefined),
  })
}
