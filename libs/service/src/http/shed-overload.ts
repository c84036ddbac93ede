// What comes too late for its caller is better refused at once, so that what has been begun gets through.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { baseProblems } from '@freehold/contracts-base'
import type { FastifyInstance } from 'fastify'
import * as limits from '../limits.ts'
import { Problem } from '../problem.ts'
import { operationPaths } from './operations.ts'

/** How late the event loop is. */
interface LoopLag {
  /** Returns the mean of its turns in the last sample. */
  meanMs(): number
  close(): void
}

const resolutionMs = 10

/** Starts measuring the event loop. */
function measureLoopLag(sampleMs: number): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let before = { turns: 0, sumMs: 0, atMs: performance.now() }
  let meanMs = 0
  // Never reset: with its counts Node forgets when the last turn was, and the time that the loop stands still right after
  // it is in no sample.
  const sample = (): void => {
    const turns = histogram.count
    const now = { turns, sumMs: turns === 0 ? 0 : (histogram.mean * turns) / 1e6, atMs: performance.now() }
    const fresh = now.turns - before.turns
    meanMs = fresh === 0 ? now.atMs - before.atMs : Math.max(0, (now.sumMs - before.sumMs) / fresh - resolutionMs)
    before = now
  }
  const timer = setInterval(sample, sampleMs)
  timer.unref()
  return {
    meanMs: () => meanMs,
    close() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}

/** Refuses requests while the loop is later than that; 0 refuses none. Returns the lag. */
export function shedOverload(app: FastifyInstance, lagMaxMs: number): LoopLag {
  const lag = measureLoopLag(limits.eventLoopSampleMs)
  const spared = new Set<string | undefined>(operationPaths)
  app.addHook('onRequest', async (request) => {
    // Who looks after the service has to see it most of all when it is overloaded.
    if (lagMaxMs > 0 && lag.meanMs() > lagMaxMs && !spared.has(request.routeOptions.url)) {
      throw new Problem(baseProblems.overloaded, { retryAfterMs: limits.retryAfterOverloadMs })
    }
  })
  app.addHook('onClose', async () => lag.close())
  return lag
}
