import { describe, expect, it } from 'vitest'
import { startLogBroker } from './harness.ts'
import { runSoak } from './soak/run-soak.ts'

describe('events through outbox, log and inbox', () => {
  it('are neither lost nor twice in effect nor out of order when processes and the log are killed', async () => {
    const broker = await startLogBroker(['orders', 'billing'])
    try {
      const figures = await runSoak({ broker, events: 2_000, kills: 3, betweenKillsMs: 800 })
      expect(figures).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, deadLetters: 0 })
      expect(figures.published).toBeGreaterThanOrEqual(2_000)
      expect(figures.applied).toBe(figures.published)
    } finally {
      await broker.stop()
    }
  }, 180_000)
})
