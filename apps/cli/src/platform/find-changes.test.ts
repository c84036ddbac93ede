import { describe, expect, it } from 'vitest'
import { findChanges } from './find-changes.ts'

describe('findChanges', () => {
  it('names each place that differs, and takes lists as wholes', () => {
    const before = { migrate: { maxLockMs: 100, windows: [] }, api: { consumes: ['a', 'b'] }, config: { schema: {} } }
    const after = {
      migrate: { maxLockMs: 50, windows: [] },
      api: { consumes: ['b'] },
      config: { schema: { 'a/b': 1 } },
    }
    expect(findChanges(before, after)).toEqual([
      { pointer: '/api/consumes', before: ['a', 'b'], after: ['b'] },
      { pointer: '/config/schema', before: {} },
      { pointer: '/config/schema/a~1b', after: 1 },
      { pointer: '/migrate/maxLockMs', before: 100, after: 50 },
    ])
    expect(findChanges(before, structuredClone(before))).toEqual([])
  })
})
