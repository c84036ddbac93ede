import { describe, expect, it } from 'vitest'
import { joinCalls } from './join-calls.ts'

describe('joinCalls', () => {
  it('does one piece of work at a time, for all who asked while the one before was under way', async () => {
    const works: string[][] = []
    const ends: (() => void)[] = []
    const call = joinCalls<string>(async (items) => {
      works.push(items)
      await new Promise<void>((resolve) => ends.push(resolve))
    })
    const first = [call('a'), call('b')]
    await Promise.resolve()
    const second = [call('c'), call('d')]
    await Promise.resolve()
    expect(works).toEqual([['a', 'b']])
    ends[0]?.()
    await Promise.all(first)
    await Promise.resolve()
    expect(works).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    ends[1]?.()
    await Promise.all(second)
  })

  it('fails for those whose work failed, and for nobody else', async () => {
    const call = joinCalls<string>(async (items) => {
      if (items.includes('bad')) {
        throw new Error('no')
      }
    })
    const failed = await Promise.allSettled([call('bad'), call('good')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(call('good')).resolves.toBeUndefined()
  })
})
