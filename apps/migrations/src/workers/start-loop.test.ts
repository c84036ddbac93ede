import { expect, it } from 'vitest'
import { startLoop } from './start-loop.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

it('waits at its close for a job that ends when told, and leaves one that does not', async () => {
  for (const heeds of [true, false]) {
    let taken = false
    let ended = false
    let begun: () => void = () => {}
    const beginning = new Promise<void>((resolve) => {
      begun = resolve
    })
    const loop = startLoop({
      name: 'test',
      pollMs: 1,
      parallelMax: 1,
      closeMsMax: heeds ? 60_000 : 1,
      log,
      take: async (signal) => {
        if (taken) {
          return undefined
        }
        taken = true
        return async () => {
          await new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => (heeds ? resolve() : undefined))
            begun()
          })
          ended = true
        }
      },
    })
    await beginning
    await loop.close()
    expect(ended).toBe(heeds)
  }
})
