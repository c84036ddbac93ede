import type { MaintenanceWindow } from '@freehold/contracts-migrations'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findNextOpening, isOpen } from './maintenance-windows.ts'

const night: MaintenanceWindow = { weekdays: ['sat'], from: '22:00', to: '04:00', zone: 'Europe/Berlin' }

describe('findNextOpening', () => {
  it.each([
    ['before the night', '2026-01-09T12:00:00Z', '2026-01-10T21:00:00.000Z'],
    ['in it', '2026-01-10T23:30:00Z', '2026-01-10T23:30:00.000Z'],
    ['in it, on the next day', '2026-01-11T02:59:00Z', '2026-01-11T02:59:00.000Z'],
    ['at its end', '2026-01-11T03:00:00Z', '2026-01-17T21:00:00.000Z'],
    ['in summer', '2026-07-08T00:00:00Z', '2026-07-11T20:00:00.000Z'],
  ])('finds the night from Saturday on %s', (_, from, opening) => {
    expect(findNextOpening([night], new Date(from)).toISOString()).toBe(opening)
  })

  it('opens where the clock goes on when the window’s hour is skipped', () => {
    const skipped: MaintenanceWindow = { weekdays: ['sun'], from: '02:30', to: '05:00', zone: 'Europe/Berlin' }
    const opening = findNextOpening([skipped], new Date('2026-03-28T12:00:00Z'))
    expect(opening.getTime()).toBeGreaterThanOrEqual(Date.parse('2026-03-29T01:00:00Z'))
    expect(isOpen(skipped, opening)).toBe(true)
  })

  it('is always open without a window', () => {
    const now = new Date()
    expect(findNextOpening([], now)).toBe(now)
  })

  it('finds an open moment, not in the past and at most eight days ahead', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
    const window = fc.record({
      weekdays: fc.uniqueArray(fc.constantFrom(...(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const)), {
        minLength: 1,
      }),
      from: time,
      to: time,
      zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Auckland'),
    })
    const from = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), from, (windows, at) => {
        const opening = findNextOpening(windows, at)
        const aheadMs = opening.getTime() - at.getTime()
        return aheadMs >= 0 && aheadMs < 9 * 86_400_000 && windows.some((each) => isOpen(each, opening))
      }),
      { numRuns: 200 },
    )
  })
})
