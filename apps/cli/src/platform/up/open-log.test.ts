import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLog } from './open-log.ts'

describe('openLog', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'freehold-log-'))
  })
  afterEach(async () => await rm(folder, { recursive: true }))

  const read = async (name: string): Promise<string> => await readFile(path.join(folder, name), 'utf8')

  it('appends to what is there', async () => {
    for (const line of ['first\n', 'second\n']) {
      const log = await openLog(folder, 'orders')
      log.write(line)
      await log.close()
    }
    expect(await read('orders.log')).toBe('first\nsecond\n')
  })

  it('begins a new file when one is full, and keeps that one', async () => {
    for (const line of ['more than ten bytes\n', 'next\n', 'last\n']) {
      const log = await openLog(folder, 'orders', 10)
      log.write(line)
      await log.close()
    }
    expect([await read('orders.log.1'), await read('orders.log')]).toEqual(['more than ten bytes\n', 'next\nlast\n'])
  })
})
