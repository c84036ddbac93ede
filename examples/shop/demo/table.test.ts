import { describe, expect, it } from 'vitest'
import type { SideResult } from './side.ts'
import { findFaults, renderTable } from './table.ts'
import { type Sample, summarize } from './traffic.ts'

function aSide(changes: Partial<SideResult> = {}): SideResult {
  const calm = { requests: 1500, failed: 0, longestStallMs: 40, p99Ms: 12, failures: {} }
  return { ...calm, p99BeforeMs: 9, seconds: 10, ...changes }
}

describe('summarize', () => {
  it('counts the requests that were due in the time asked for, and their failures by reason', () => {
    const samples: Sample[] = [
      { dueAt: 99, latencyMs: 9000, failure: 'GET answered 500' },
      ...Array.from({ length: 98 }, () => ({ dueAt: 100, latencyMs: 5, failure: null })),
      { dueAt: 150, latencyMs: 700, failure: 'GET answered 500' },
      { dueAt: 199, latencyMs: 800, failure: 'GET answered 500' },
      { dueAt: 200, latencyMs: 9000, failure: null },
    ]
    expect(summarize(samples, 100, 200)).toEqual({
      requests: 100,
      failed: 2,
      longestStallMs: 800,
      p99Ms: 700,
      failures: { 'GET answered 500': 2 },
    })
  })

  it('has no figures to show for no requests', () => {
    expect(summarize([], 0, 1)).toEqual({ requests: 0, failed: 0, longestStallMs: 0, p99Ms: 0, failures: {} })
  })
})

describe('findFaults', () => {
  it.each([
    ['nothing when the plain side stalls and Freehold does not fail', aSide({ longestStallMs: 501 }), aSide(), 0],
    ['nothing when the plain side fails', aSide({ failed: 1 }), aSide(), 0],
    ['a plain side that shows nothing', aSide({ longestStallMs: 500 }), aSide(), 1],
    ["one failed request on Freehold's side", aSide({ failed: 9 }), aSide({ failed: 1 }), 1],
    ["a Freehold's side that no request reached", aSide({ failed: 9 }), aSide({ requests: 0 }), 1],
  ])('finds %s', (_, plain, freehold, faults) => {
    expect(findFaults({ plain, freehold })).toHaveLength(faults)
  })
})

describe('renderTable', () => {
  it('lines both sides up', () => {
    const lines = renderTable({ plain: aSide({ failed: 1222, longestStallMs: 3473 }), freehold: aSide() }).split('\n')
    expect(lines).toContain('failed requests                     1,222             0')
    expect(new Set(lines.filter((line) => line !== '').map((line) => line.length)).size).toBe(1)
  })
})
