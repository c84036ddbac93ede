import { context, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { createLogger } from './logger.ts'
import { contextOf, currentTraceparent, enableTraceContext, withTraceparent } from './trace-context.ts'

const secret = 'hunter2'
const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function logged(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown> & { text: string } {
  const lines: string[] = []
  const log = createLogger({ name: 'shop', version: '1.0.0', instance: 'a1' }, 'info', {
    write: (line) => lines.push(line),
  })
  write(log)
  return { ...JSON.parse(lines[0] as string), text: lines.join('') }
}

describe('a line of the log', () => {
  it('names the service and the trace', () => {
    enableTraceContext()
    const line = withTraceparent(traceparent, () => logged((log) => log.info({ orders: 2 }, 'read')))
    expect(line).toMatchObject({
      level: 'info',
      service: 'shop',
      version: '1.0.0',
      instance: 'a1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      span_id: '00f067aa0ba902b7',
      orders: 2,
      message: 'read',
    })
    expect(logged((log) => log.info('outside'))).not.toHaveProperty('trace_id')
  })

  it.each([
    ['a field', { password: secret }],
    ['a field deep inside', { request: { list: [{ dbPassword: secret }] } }],
    [
      'a header',
      { headers: { Authorization: `Bearer ${secret}`, cookie: secret, 'set-cookie': secret, 'x-api-key': secret } },
    ],
    ['an object under such a name', { clientSecret: { value: secret } }],
    ['a token under any name', { note: `sent ${token}` }],
    ['a database URL', { url: `postgresql://shop:${secret}@db/shop` }],
    ['a database URL’s password with odd characters', { url: `postgres://shop:${secret}@${secret}@db:5432/shop?x=1` }],
    ['a parameter of a URL', { url: `postgresql://db/shop?user=a&password=${secret}&x=1` }],
    ['an error’s message', { error: new Error(`cannot connect to postgresql://shop:${secret}@db/shop`) }],
    ['an error’s cause', { error: new Error('failed', { cause: new Error(`Bearer ${secret}${secret}`) }) }],
    [
      'an error’s properties',
      { error: Object.assign(new Error('failed'), { config: { token: secret }, detail: secret }) },
    ],
    ['a Map in JSON', { settings: { toJSON: () => ({ secret }) } }],
  ])('shows no secret: %s', (_, fields) => {
    const { text } = logged((log) => log.info(fields, 'said'))
    expect(text).not.toContain(secret)
    expect(text).not.toContain(token)
    expect(text).toMatch(/\[redacted\]|"message":"failed"/)
  })

  it('shows no secret in its message or in the fields of a child', () => {
    expect(logged((log) => log.info(`postgres://a:${secret}@h/d`)).text).not.toContain(secret)
    expect(logged((log) => log.child({ token: secret }).info('said')).text).not.toContain(secret)
  })

  it('shows an error with its code, its stack and its causes, also when they go in circles', () => {
    const error = Object.assign(new TypeError('outer'), { code: '23505' })
    error.cause = error
    expect(logged((log) => log.error({ error }, 'failed'))['error']).toMatchObject({
      type: 'TypeError',
      message: 'outer',
      code: '23505',
      stack: expect.stringContaining('logger.test'),
      cause: { message: 'outer' },
    })
  })
})

describe('a trace', () => {
  it('is carried as W3C has it', () => {
    enableTraceContext()
    expect(withTraceparent(traceparent, currentTraceparent)).toBe(traceparent)
    expect(withTraceparent(undefined, currentTraceparent)).toBeUndefined()
    expect(withTraceparent('nonsense', currentTraceparent)).toBeUndefined()
    expect(trace.getSpanContext(contextOf({ traceparent }))?.isRemote).toBe(true)
    expect(context.active()).toBeDefined()
  })
})
