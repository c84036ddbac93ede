import { once } from 'node:events'
import { connect } from 'node:net'
import { ProblemDocument } from '@freehold/contracts-base'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger, type RunningService, startService } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
let service: RunningService
let port: number
const lines: string[] = []

beforeAll(async () => {
  const identity = { name: 'shop', version: '1.2.3', instance: 'a1' }
  shop = await openShop({ logger: createLogger(identity, 'info', { write: (line) => lines.push(line) }) })
  service = await startService(shop.app, testConfig())
  port = Number(new URL(service.url).port)
})
afterAll(() => service.close())

const post = (payload: string | Buffer, headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url: '/v1/orders',
  headers: { 'content-type': 'application/json', ...headers },
  payload,
})
const nested = (depth: number): string => `{"id":"1","lines":${'['.repeat(depth)}${']'.repeat(depth)}}`

describe('a bad request is answered with a problem document', () => {
  it.each<[string, InjectOptions | string, number, string]>([
    ['an unknown path', '/v1/nowhere', 404, 'FHD_REQUEST_ROUTE_NOT_FOUND'],
    ['a path with an empty parameter', '/v1/orders/', 404, 'FHD_REQUEST_ROUTE_NOT_FOUND'],
    ['another method', { method: 'PATCH', url: '/v1/orders/7' }, 405, 'FHD_REQUEST_METHOD_NOT_ALLOWED'],
    ['another method of operators', { method: 'POST', url: '/health' }, 405, 'FHD_REQUEST_METHOD_NOT_ALLOWED'],
    ['QUERY', { method: 'QUERY' as 'GET', url: '/v1/orders' }, 405, 'FHD_REQUEST_METHOD_NOT_ALLOWED'],
    ['OPTIONS', { method: 'OPTIONS', url: '/v1/orders' }, 405, 'FHD_REQUEST_METHOD_NOT_ALLOWED'],
    ['a problem of the service', '/v1/orders/missing', 404, 'FHD_SHOP_ORDER_NOT_FOUND'],
    ['a bad escape in the path', '/v1/orders/%zz', 400, 'FHD_REQUEST_MALFORMED'],
    ['an escape that is no UTF-8', '/v1/orders/%ff', 400, 'FHD_REQUEST_MALFORMED'],
    ['a NUL in the path', '/v1/orders/%00', 400, 'FHD_REQUEST_MALFORMED'],
    ['a long URL', `/v1/orders/${'a'.repeat(9000)}`, 414, 'FHD_REQUEST_URL_TOO_LONG'],
    ['a long query', `/v1/orders/7?${'a'.repeat(9000)}`, 414, 'FHD_REQUEST_URL_TOO_LONG'],
    ['no JSON', post('{"id"'), 400, 'FHD_REQUEST_MALFORMED'],
    ['no UTF-8', post(Buffer.from([0x22, 0xff, 0x22])), 400, 'FHD_REQUEST_MALFORMED'],
    ['JSON with __proto__', post('{"id":"1","lines":[{"__proto__":{"a":1}}]}'), 400, 'FHD_REQUEST_MALFORMED'],
    ['JSON with a constructor', post('{"constructor":{"prototype":{"a":1}}}'), 400, 'FHD_REQUEST_MALFORMED'],
    ['deep JSON', post(nested(65)), 400, 'FHD_REQUEST_MALFORMED'],
    ['very deep JSON', post('['.repeat(500_000)), 400, 'FHD_REQUEST_MALFORMED'],
    ['an escaped NUL', post('{"id":"a\\u0000","lines":[]}'), 400, 'FHD_REQUEST_MALFORMED'],
    ['an escaped NUL in a name', post('{"id":"1","lines":[],"\\u0000":[[1]]}'), 400, 'FHD_REQUEST_MALFORMED'],
    ['half a surrogate pair', post('{"id":"\\ud800","lines":[]}'), 400, 'FHD_REQUEST_MALFORMED'],
    ['no body', post(''), 400, 'FHD_REQUEST_INVALID'],
    ['null', post('null'), 400, 'FHD_REQUEST_INVALID'],
    ['too much', post(JSON.stringify({ id: 'x'.repeat(1024 * 1024) })), 413, 'FHD_REQUEST_BODY_TOO_LARGE'],
    ['text', post('a', { 'content-type': 'text/plain' }), 415, 'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED'],
    [
      'a form',
      post('a=1', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a broken media type', post('{}', { 'content-type': 'json' }), 415, 'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED'],
    [
      'another charset',
      post('{}', { 'content-type': 'application/json; charset=utf-16' }),
      415,
      'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a compressed body', post('{}', { 'content-encoding': 'gzip' }), 415, 'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED'],
    [
      'another answer than JSON',
      { url: '/v1/orders/7', headers: { accept: 'text/html' } },
      406,
      'FHD_REQUEST_NOT_ACCEPTABLE',
    ],
    [
      'JSON refused',
      { url: '/v1/orders/7', headers: { accept: 'application/json;q=0' } },
      406,
      'FHD_REQUEST_NOT_ACCEPTABLE',
    ],
    [
      'JSON from a stream',
      { url: '/v1/orders/7/events', headers: { accept: 'application/json' } },
      406,
      'FHD_REQUEST_NOT_ACCEPTABLE',
    ],
    ['a stream that fails at once', '/v1/orders/missing/events', 404, 'FHD_SHOP_ORDER_NOT_FOUND'],
    ['a bug', '/v1/orders/bug', 500, 'FHD_SERVICE_INTERNAL'],
    ['an answer that does not fit', '/v1/orders/unfit', 500, 'FHD_SERVICE_INTERNAL'],
    ['a database that is gone', '/v1/orders/unreachable', 503, 'FHD_SERVICE_DATABASE_UNAVAILABLE'],
    ['a deadlock', '/v1/orders/deadlock', 503, 'FHD_SERVICE_DATABASE_BUSY'],
  ])('%s', async (_, request, status, code) => {
    const response = await shop.app.inject(request)
    expect({ status: response.statusCode, ...response.json() }).toMatchObject({ status, code })
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(ProblemDocument.parse(response.json()).instance).toMatch(/^urn:request:[0-9a-f-]{36}$/)
    expect(response.body).not.toContain('secret detail')
  })

  it('names each place that does not fit, and nothing of what was given', async () => {
    const payload = { lines: [{ sku: 'a', count: 1.5 }], 'odd/~name': 1 }
    const body = (await shop.app.inject({ method: 'POST', url: '/v1/orders', payload })).json()
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/body/id',
      '/body/lines/0/count',
      '/body/odd~1~0name',
    ])
  })

  it.each([
    ['limit=0', '/query/limit'],
    ['limit=ten', '/query/limit'],
    ['limit=', '/query/limit'],
    ['limit=1&limit=2', '/query/limit'],
    ['limit=1e1', '/query/limit'],
    ['paid=yes', '/query/paid'],
    ['state=open&state=lost', '/query/state/1'],
  ])('names the place in ?%s', async (query, pointer) => {
    const headers = await shop.issuer.authorize('ann', { '*': 'viewer' })
    const response = await shop.app.inject({ url: `/v1/shops/s/orders?${query}`, headers })
    expect([response.statusCode, response.json().errors[0].pointer]).toEqual([400, pointer])
  })

  it('tells the methods that a path knows', async () => {
    expect((await shop.app.inject({ method: 'PUT', url: '/v1/orders/7' })).headers['allow']).toBe('GET, HEAD')
    expect((await shop.app.inject({ method: 'GET', url: '/v1/orders' })).headers['allow']).toBe('POST')
  })

  it('takes JSON to its depth, and reads a NUL that is none', async () => {
    const { errors } = (await shop.app.inject(post(nested(63)))).json()
    expect(errors[0].pointer).toBe('/body/lines/0')
    expect((await shop.app.inject(post('{"id":"\\\\u0000","lines":[]}'))).statusCode).toBe(200)
  })

  it('logs an error when its contract does not have the problem', async () => {
    lines.length = 0
    expect((await shop.app.inject('/v1/orders/foreign')).statusCode).toBe(409)
    expect(lines.join('')).toContain('the contract of GET /v1/orders/:orderId does not have this problem')
  })

  it('logs a failure once, with its cause, and a refusal without', async () => {
    lines.length = 0
    const { instance } = (await shop.app.inject('/v1/orders/bug')).json()
    await shop.app.inject('/v1/orders/missing')
    const failures = lines.map((line) => JSON.parse(line)).filter(({ error }) => error !== undefined)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({
      level: 'error',
      requestId: instance.replace('urn:request:', ''),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      error: { type: 'TypeError', message: 'secret detail of a bug' },
    })
  })
})

/** Sends the bytes on a connection of their own, and returns all that comes back until the service ends it. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes, 'latin1'))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    // A reset is the end of what comes back, too.
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}

interface RawAnswer {
  status: number
  body: string
  mediaType: string | undefined
}

/** Returns the answers in what came back; throws when it is not HTTP. */
function readAnswers(received: string, sent: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let rest = received; rest !== ''; ) {
    const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest)
    if (head === null) {
      throw new Error(`this is not HTTP: ${rest.slice(0, 200)}`)
    }
    const [whole, status, headers = ''] = head
    // Of a request that the parser refused nobody knows that its method was HEAD.
    const isHead = sent.startsWith('HEAD ') && !rest.slice(whole.length).startsWith('{')
    const length = isHead ? 0 : Number(/^content-length: (\d+)/im.exec(headers)?.[1] ?? Number.NaN)
    const body = Number.isNaN(length) ? rest.slice(whole.length) : rest.slice(whole.length, whole.length + length)
    answers.push({ status: Number(status), body, mediaType: /^content-type: ([^\r;]+)/im.exec(headers)?.[1] })
    rest = rest.slice(whole.length + body.length)
  }
  return answers
}

function expectSound(answers: RawAnswer[]): void {
  for (const { status, body, mediaType } of answers) {
    expect(status).toBeLessThan(500)
    if (status >= 400 && body !== '') {
      expect(mediaType).toBe('application/problem+json')
      expect(ProblemDocument.parse(JSON.parse(body)).status).toBe(status)
    }
  }
}

describe('what is hardly HTTP is answered with a problem document', () => {
  const get = (headers: string): string => `GET /v1/orders/7 HTTP/1.1\r\n${headers}\r\n`
  it.each<[string, string, number]>([
    ['noise', '\x16\x03\x01\x02\x00\r\n\r\n', 400],
    ['another protocol', 'HELO shop\r\n\r\n', 400],
    ['an unknown method', 'BREW /v1/orders HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['no host', get(''), 400],
    ['two lengths', get('Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n'), 400],
    ['a length and chunks', `${get('Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`, 400],
    ['a header without a name', get('Host: a\r\n: b\r\n'), 400],
    ['a header with a NUL', get('Host: a\r\nx: a\0b\r\n'), 400],
    ['headers without an end', get(`Host: a\r\nx: ${'a'.repeat(20_000)}\r\n`), 431],
    ['an endless URL', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['an expectation', get('Host: a\r\nExpect: miracles\r\n'), 417],
    ['a proxy’s request', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    [
      'a body that is shorter than it says',
      'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}',
      400,
    ],
    [
      'a chunk without a length',
      'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('%s', async (_, bytes, status) => {
    const answers = readAnswers(await exchange(bytes), bytes)
    expect(answers.map((answer) => answer.status)).toEqual([status])
    expectSound(answers)
  })

  it('a request that does not arrive', async () => {
    shop.app.server.headersTimeout = 1
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /v1/orders/7 HTTP/1.1\r\nHost: a\r\n'))
    const [chunk] = await once(socket, 'data')
    shop.app.server.headersTimeout = 10_000
    const answers = readAnswers(String(chunk), 'GET')
    expect(answers.map(({ status }) => status)).toEqual([408])
    expectSound(answers)
    socket.destroy()
  })

  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', '')
  const path = fc.oneof(
    fc.constantFrom(
      '/v1/orders',
      '/v1/orders/7',
      '/v1/shops/s/orders?limit=1',
      '/v1/shop',
      '/health',
      '/',
      '*',
      '//',
      '/..',
      '/%',
      'a:1',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => `/v1/orders/${text}`),
    fc.webPath().map((text) => `/v1/shops${text}?${text}`),
  )
  const header = fc.oneof(
    fc.constantFrom(
      'Host: a',
      'Content-Type: application/json',
      'Content-Type: a/b;',
      'Authorization: Bearer a.b.c',
      'Authorization: Basic eA==',
    ),
    fc.constantFrom(
      'Accept: */*',
      'Accept: ;,',
      'Expect: 100-continue',
      'Connection: upgrade',
      'Upgrade: websocket',
      'Transfer-Encoding: chunked',
    ),
    fc.constantFrom(
      'Content-Length: 2',
      'Content-Length: -1',
      'Content-Length: 1e9',
      'traceparent: 00-x',
      'Content-Encoding: br',
      'X-HTTP-Method-Override: BREW',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
  )
  const body = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc.constantFrom('', '{}', '{"id":"1","lines":[]}', '2\r\n{}\r\n0\r\n\r\n', '[[[[', '\0'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  const request = fc
    .record({ method, path, headers: fc.array(header, { maxLength: 5 }), body })
    .map(
      (parts) =>
        `${parts.method} ${parts.path} HTTP/1.1\r\n${parts.headers.map((each) => `${each}\r\n`).join('')}\r\n${parts.body}`,
    )

  it('fails at no request, however malformed, and goes on serving', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (bytes) => {
        expectSound(readAnswers(await exchange(bytes), bytes))
      }),
      { numRuns: 400 },
    )
    expect((await fetch(`${service.url}/health`)).status).toBe(200)
  })

  it('fails at no body of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue().map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        async (payload) => {
          const response = await shop.app.inject(post(payload))
          expect(response.statusCode).toBeLessThan(500)
          expect(response.statusCode < 400 || ProblemDocument.safeParse(response.json()).success).toBe(true)
        },
      ),
      { numRuns: 400 },
    )
  })
})
