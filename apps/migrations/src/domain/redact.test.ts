import { describe, expect, it } from 'vitest'
import { createRedactor } from './redact.ts'

describe('createRedactor', () => {
  it('takes the password out as it is written and as it is meant, at any depth', () => {
    const redact = createRedactor('postgresql://owner:p%40ss%2Fword@db.example/orders?sslpassword=keyfile-pass')
    const told = {
      message: 'could not connect to postgresql://owner:p%40ss%2Fword@db.example/orders?sslpassword=keyfile-pass',
      lines: ['password p@ss/word', 'p%40ss%2Fword', 'keyfile-pass'],
      rows: 3,
      none: null,
    }
    expect(redact(told)).toEqual({
      message: 'could not connect to •••',
      lines: ['password •••', '•••', '•••'],
      rows: 3,
      none: null,
    })
  })

  it('leaves texts as they are where there is no password', () => {
    expect(createRedactor('postgresql://owner@db/orders')('owner@db')).toBe('owner@db')
  })
})
