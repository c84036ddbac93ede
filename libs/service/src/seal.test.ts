import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openSealed, parseSealingKeys, seal } from './seal.ts'

const newKey = (): string => randomBytes(32).toString('base64')
const url = 'postgresql://orders:s3cret@db.example/orders'

describe('seal', () => {
  it('gives the text back under any key that is still known, and holds nothing of it in clear', () => {
    const old = `k1:${newKey()}`
    const sealed = seal(parseSealingKeys(old), 'a', url)
    expect(sealed).not.toMatch(/s3cret|orders/)
    expect(openSealed(parseSealingKeys(`k2:${newKey()},${old}`), 'a', sealed)).toBe(url)
  })

  it('opens for no other owner, with no other key, and not when a letter was changed', () => {
    const keys = parseSealingKeys(`k1:${newKey()}`)
    const sealed = seal(keys, 'a', url)
    expect(() => openSealed(keys, 'b', sealed)).toThrow()
    expect(() => openSealed(parseSealingKeys(`k1:${newKey()}`), 'a', sealed)).toThrow()
    expect(() => openSealed(parseSealingKeys(`k2:${newKey()}`), 'a', sealed)).toThrow(/k1/)
    const changed = sealed.endsWith('A') ? `${sealed.slice(0, -1)}Q` : `${sealed.slice(0, -1)}A`
    expect(() => openSealed(keys, 'a', changed)).toThrow()
  })

  it('refuses keys of another length and repeats none', () => {
    expect(() => parseSealingKeys('k1:c2VjcmV0')).toThrow(/32 bytes/)
    expect(() => parseSealingKeys('k1:c2VjcmV0')).not.toThrow(/c2VjcmV0/)
  })
})
