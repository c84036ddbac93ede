import type { Fact } from '@freehold/migrations/engine'
import { describe, expect, it } from 'vitest'
import { createPaint } from '../render/text.ts'
import { collect } from '../testing/fake-surroundings.ts'
import { createLineProgress } from './line-progress.ts'
import { createLiveProgress } from './live-progress.ts'

const started: Fact = { kind: 'stepStarted', stepId: 'b01', position: 2, steps: 3, reason: 'by key', sql: 'UPDATE …' }
const finished: Fact = { kind: 'stepFinished', stepId: 'b01', durationMs: 5000, waitedMs: 12, heldMs: 3, rows: 10000 }
const waiting: Fact = {
  kind: 'waiting',
  stepId: 'b01',
  relation: 'public.orders',
  mode: 'AccessExclusiveLock',
  waitedMs: 2600,
  attempts: 4,
  blockers: [
    {
      pid: 42,
      application: 'report',
      user: 'shop',
      ageMs: 9500,
      state: 'idle in transaction',
      query: 'SELECT *\nFROM orders',
    },
    { pid: null, application: '', user: 'shop', ageMs: 60000, state: 'prepared', query: null },
  ],
}

function progressOf(done: number, total: number | null = 10000): Fact {
  return { kind: 'stepProgress', stepId: 'b01', what: 'rows', done, total, perSecond: 2000, remainingMs: 2500 }
}

describe('createLineProgress', () => {
  function setup() {
    const output = collect()
    let time = 0
    const progress = createLineProgress(output, () => time)
    const at = (ms: number, fact: Fact) => {
      time = ms
      progress.onFact(fact)
    }
    return { output, at }
  }

  it('writes a line a step, and one every two seconds while a step is long', () => {
    const { output, at } = setup()
    at(0, { kind: 'preparing', what: 'rehearse' })
    at(0, { kind: 'phaseStarted', phase: 'backfill', steps: 1 })
    at(0, started)
    at(1000, progressOf(2000))
    at(2000, progressOf(4000))
    at(2500, progressOf(5000))
    at(4100, progressOf(8200))
    at(5000, finished)
    expect(output.text()).toMatchInlineSnapshot(`
      "rehearsing on a shadow
      backfill: 1 step
        b01 (2/3) 4,000 of 10,000 rows, 40 %, 2,000 rows/s, 2.5 s left
        b01 (2/3) 8,200 of 10,000 rows, 82 %, 2,000 rows/s, 2.5 s left
        b01 (2/3) done in 5.0 s, 10,000 rows, 2,000 rows/s, waited 12 ms for its locks, held them 3 ms
      "
    `)
  })

  it('says who is in the way of a lock', () => {
    const { output, at } = setup()
    at(0, started)
    at(3000, waiting)
    expect(output.text()).toMatchInlineSnapshot(`
      "  b01 (2/3) waiting 2.6 s for ACCESS EXCLUSIVE on public.orders, 4 tries; in the way: pid 42 report (shop, idle in transaction for 9.5 s): SELECT * FROM orders; a prepared transaction (shop, prepared for 1 min 0 s)
      "
    `)
  })

  it('never claims all is done before it is, and writes no total that is unknown', () => {
    const { output, at } = setup()
    at(0, started)
    at(3000, progressOf(9999))
    at(6000, progressOf(9999, null))
    expect(output.text()).toContain('99 %')
    expect(output.text()).toContain('9,999 rows, 2,000 rows/s')
  })
})

describe('createLiveProgress', () => {
  function setup(columns = 80) {
    const output = collect(true, columns)
    let time = 0
    const progress = createLiveProgress(output, createPaint(collect(false), {}), () => time)
    const at = (ms: number, fact: Fact) => {
      time = ms
      progress.onFact(fact)
    }
    return { output, at, progress }
  }

  it('redraws one line, and leaves one behind for each step that is done', () => {
    const { output, at, progress } = setup()
    at(0, started)
    at(50, progressOf(1000))
    at(200, progressOf(5000))
    at(5000, finished)
    progress.close()
    expect(output.text().replaceAll('\r\u001b[2K', '\n<')).toMatchInlineSnapshot(`
      "
      <2/3 b01 by key
      <2/3 b01 [############------------] 5,000 of 10,000 rows, 50 %, 2,000 rows/s, 2…
      <  ✓ b01 done in 5.0 s, 10,000 rows, 2,000 rows/s, waited 12 ms for its locks, held them 3 ms
      "
    `)
  })

  it('leaves a line behind that names who is in the way, once', () => {
    const { output, at } = setup()
    at(0, started)
    at(3000, waiting)
    at(6000, waiting)
    expect(output.text().match(/pid 42 report/g)).toHaveLength(1)
    expect(output.text()).toMatch(/pid 42 report .*\n/)
  })

  it('keeps the line within the terminal and erases it at the end', () => {
    const { output, at, progress } = setup(40)
    at(0, started)
    at(3000, progressOf(5000))
    progress.close()
    const lines = output.text().split('\r\u001b[2K')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(40)
    expect(lines.at(-1)).toBe('')
  })
})
