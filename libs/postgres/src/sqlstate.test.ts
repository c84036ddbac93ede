import { describe, expect, it } from 'vitest'
import { isConnectionLoss, isUnreachable } from './sqlstate.ts'

const coded = (code: string): Error => Object.assign(new Error('x'), { code })

describe('a connection', () => {
  it.each(['EAI_AGAIN', 'ENETUNREACH', 'ECONNABORTED', 'ECONNRESET', '08006', '57P01'])('is lost by %s', (code) => {
    expect(isConnectionLoss(coded(code))).toBe(true)
    expect(isUnreachable(coded(code))).toBe(true)
  })

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated due to connection timeout',
  ])('was never there, so that no statement can be in doubt: %s', (message) => {
    expect(isUnreachable(new Error(message))).toBe(true)
    expect(isConnectionLoss(new Error(message))).toBe(false)
  })

  it('is well when the server itself reports a fault, whatever its text', () => {
    const raised = Object.assign(new Error('timeout exceeded when trying to connect'), { code: 'P0001' })
    expect([isUnreachable(raised), isUnreachable(coded('57014')), isUnreachable(null)]).toEqual([false, false, false])
  })
})
