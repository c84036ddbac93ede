import { expect, it } from 'vitest'
import { isTransient } from '../events/apply-records.ts'
import { toProblem } from './problem-answers.ts'

it.each<[string, { code?: string; message?: string }]>([
  ['FHD_SERVICE_DATABASE_UNAVAILABLE', { message: 'timeout exceeded when trying to connect' }],
  ['FHD_SERVICE_DATABASE_UNAVAILABLE', { message: 'Connection terminated due to connection timeout' }],
  ['FHD_SERVICE_DATABASE_UNAVAILABLE', { code: 'EAI_AGAIN' }],
  ['FHD_SERVICE_TIMED_OUT', { code: '57014' }],
])('answers 503 with a time to wait, %s, and blames no event for %o', (code, fields) => {
  const error = Object.assign(new Error(fields.message ?? 'x'), fields)
  const { definition, occurrence } = toProblem(error)
  expect(definition).toMatchObject({ code, status: 503 })
  expect(occurrence.retryAfterMs).toBeGreaterThan(0)
  expect(isTransient(error)).toBe(true)
})
