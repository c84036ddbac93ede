import { describe, expect, it } from 'vitest'
import { nextRows } from './run-batch.ts'

describe('nextRows', () => {
  it('grows to at most twice what was tried', () => {
    expect(nextRows(500, 1, 100)).toBe(1000)
    expect(nextRows(500, 40, 100)).toBe(750)
  })

  it('shrinks when a range took longer than callers should wait, and never below one row', () => {
    expect(nextRows(500, 120, 100)).toBe(250)
    expect(nextRows(1, 5000, 100)).toBe(1)
  })

  it('follows a smaller bound, and ends at the largest range', () => {
    expect(nextRows(500, 60, 50)).toBe(250)
    expect(nextRows(50_000, 10, 1000)).toBe(50_000)
  })
})
