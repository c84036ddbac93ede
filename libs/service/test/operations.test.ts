import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApp, createLogger } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop, type Shop } from './shop.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const lines: string[] = []
const reasons: Record<string, string | undefined> = {}
let shop: Shop

beforeAll(async () => {
  const identity = { name: 'shop', version: '1.2.3', instance: 'a1' }
  shop = await openShop({
    logger: createLogger(identity, 'info', { write: (line) => lines.push(line) }),
    ready: [
      { name: 'database', check: async () => reasons['database'] },
      {
        name: 'events',
        check: async () => {
          if (reasons['events'] !== undefined) {
            throw new Error(reasons['events'])
          }
          return undefined
        },
      },
    ],
  })
})
afterAll(() => shop.app.close())

describe('what every service offers its operators', () => {
  it('is alive under its name', async () => {
    const { statusCode, ...response } = await shop.app.inject('/health')
    expect([statusCode, response.json()]).toEqual([
      200,
      { status: 'ok', name: 'shop', version: '1.2.3', instance: 'a1' },
    ])
  })

  it('tells by name what it waits for until it is ready', async () => {
    Object.assign(reasons, { database: 'the schema is not there', events: 'connect ECONNREFUSED' })
    const waiting = await shop.app.inject('/ready')
    expect([waiting.statusCode, waiting.json()]).toMatchObject([
      503,
      {
        code: 'FHD_SERVICE_NOT_READY',
        errors: [
          { pointer: '/database', detail: 'the schema is not there' },
          { pointer: '/events', detail: 'connect ECONNREFUSED' },
        ],
      },
    ])
    Object.assign(reasons, { database: undefined, events: undefined })
    const ready = await shop.app.inject('/ready')
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready', checks: ['database', 'events'] }])
  })

  it('measures requests by route, method and status, and itself', async () => {
    await shop.app.inject('/v1/orders/1')
    await shop.app.inject('/v1/orders/missing')
    await shop.app.inject('/not/there')
    const { body, headers } = await shop.app.inject('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    const labels = (route: string, status: number): string =>
      `http_request_method="GET",http_route="${route}",http_response_status_code="${status}"`
    expect(body).toContain('# TYPE http_server_request_duration_seconds histogram')
    expect(body).toContain(`http_server_request_duration_seconds_count{${labels('/v1/orders/:orderId', 200)}} 1`)
    expect(body).toContain(`http_server_request_duration_seconds_count{${labels('/v1/orders/:orderId', 404)}} 1`)
    expect(body).toContain(`http_server_request_duration_seconds_count{${labels('unknown', 404)}} 1`)
    expect(body).toContain('http_server_active_requests 1')
    expect(body).toContain('target_info{service_name="shop",service_version="1.2.3",service_instance_id="a1"')
    for (const name of [
      'nodejs_eventloop_delay_mean_seconds',
      'nodejs_heap_used_bytes',
      'process_memory_usage_bytes',
    ]) {
      expect(body).toMatch(new RegExp(`^${name} \\d`, 'm'))
    }
    expect(body).not.toContain('/not/there')
  })

  it('describes its contract as OpenAPI and as a page', async () => {
    const document = (await shop.app.inject('/openapi.json')).json()
    expect(document).toMatchObject({ openapi: '3.1.1', info: { title: 'shop', version: '1.2.3' } })
    expect(document.paths['/v1/orders/{orderId}'].get.operationId).toBe('getOrder')
    const page = await shop.app.inject('/docs')
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.body).toContain('id="getOrder"')
    expect(page.body).toContain('the role viewer on the service that shopId names')
    expect(page.body).not.toContain('<script')
  })
})

describe('a request', () => {
  it('leaves one line in the log, with the trace that it came with and without its query', async () => {
    lines.length = 0
    const response = await shop.app.inject({ url: '/v1/orders/7?note=private', headers: { traceparent } })
    await shop.app.inject('/health')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      service: 'shop',
      requestId: response.headers['x-request-id'],
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      method: 'GET',
      route: '/v1/orders/:orderId',
      path: '/v1/orders/7',
      status: 200,
      durationMs: expect.any(Number),
    })
    expect(lines[0]).not.toContain('private')
  })
})

describe('an overloaded service', () => {
  const block = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until; );
  }

  it('sheds requests with 503 and a time to come back, and still shows itself to its operators', async () => {
    const { app } = await openShop({ config: testConfig({ EVENT_LOOP_LAG_MAX_MS: '10' }) })
    await vi.waitFor(
      async () => {
        block(60)
        const response = await app.inject('/v1/orders/7')
        expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1'])
        expect(response.json().code).toBe('FHD_SERVICE_OVERLOADED')
      },
      { timeout: 10_000, interval: 1 },
    )
    expect((await app.inject('/health')).statusCode).toBe(200)
    expect((await app.inject('/metrics')).statusCode).toBe(200)
    await app.close()
  })

  it('sheds nothing below its limit, although one thing after the other holds the loop up', async () => {
    const { app } = await openShop({ config: testConfig({ EVENT_LOOP_LAG_MAX_MS: '60000' }) })
    for (let turn = 0; turn < 4; turn += 1) {
      block(1100)
      // The loop turns once, so that the sample that is due is taken.
      await new Promise((next) => setTimeout(next, 1))
      expect((await app.inject('/v1/orders/7')).statusCode).toBe(200)
    }
    const [, lagS] = /^nodejs_eventloop_delay_mean_seconds\S* (\S+)/m.exec((await app.inject('/metrics')).body) ?? []
    expect(Number(lagS)).toBeLessThan(60)
    await app.close()
  })
})

describe('createApp', () => {
  it('refuses a contract that is not answered in full', async () => {
    await expect(openShop({ routes: () => {} })).rejects.toThrow(/not all answered: listOrders, getOrder/)
  })

  it('needs to know where keys come from', async () => {
    const { CATALOG_URL: _, ...config } = testConfig()
    const identity = { name: 'shop', version: '1.0.0', instance: 'a1' }
    await expect(createApp({ identity, config, routes: () => {}, ready: [] })).rejects.toThrow(
      /CATALOG_URL or JWKS_URL/,
    )
  })
})
