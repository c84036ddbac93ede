import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createClient } from '@freehold/contracts-base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop, type Shop, shopRoutes } from './shop.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.app.close())

describe('a route', () => {
  it('gives the parts of a request as the contract has them, and answers what the contract names', async () => {
    const headers = await shop.issuer.authorize('ann', { 's-1': 'viewer' })
    const listed = await shop.app.inject({ url: '/v1/shops/s-1/orders?paid=true&state=open', headers })
    expect(listed.json()).toEqual({ query: { limit: 20, paid: true, state: ['open'] }, caller: 'ann' })
    expect((await shop.app.inject('/v1/orders/7')).json()).toEqual({ id: '7', note: '' })
    const placed = await shop.app.inject({
      method: 'POST',
      url: '/v1/orders',
      payload: { id: '8', lines: [{ sku: 'a', count: 1 }] },
    })
    expect([placed.statusCode, placed.headers['location'], placed.json()]).toEqual([
      201,
      '/v1/orders/1',
      { id: '8', note: '' },
    ])
  })
})

describe('a stream', () => {
  it('reaches the client of the contract, and is measured like any request', async () => {
    const service = await startService(shop.app, testConfig())
    const client = createClient(shopRoutes, { baseUrl: service.url })
    const steps: number[] = []
    for await (const { step } of client.followOrders({ params: { orderId: '1' } })) {
      steps.push(step)
    }
    expect(steps).toEqual([1, 2])
    const labels = 'http_request_method="GET",http_route="/v1/orders/:orderId/events",http_response_status_code="200"'
    const { body } = await shop.app.inject('/metrics')
    expect(body).toContain(`http_server_request_duration_seconds_count{${labels}} 1`)
  })

  it('that fails on its way ends in the problem, without what only the log may know', async () => {
    const { body } = await shop.app.inject('/v1/orders/bug/events')
    expect(body).toMatch(
      /^data: \{"step":1\}\n\ndata: \{"step":2\}\n\nevent: problem\ndata: \{.*FHD_SERVICE_INTERNAL.*\}\n\n$/,
    )
    expect(body).not.toContain('secret detail')
  })
})

describe('with a collector', () => {
  it('sends spans and metrics of the service by OTLP', async () => {
    const received: { url: string | undefined; body: string }[] = []
    const collector = createServer(async (request, response) => {
      received.push({ url: request.url, body: await text(request) })
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    const { port } = collector.address() as AddressInfo
    const { app } = await openShop({ config: testConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/` }) })
    await app.inject({ url: '/v1/orders/7', headers: { traceparent } })
    await app.close()
    collector.close()
    const bodyOf = (url: string): string => received.find((each) => each.url === url)?.body ?? ''
    expect(bodyOf('/v1/traces')).toContain('GET /v1/orders/:orderId')
    expect(bodyOf('/v1/traces')).toContain('4bf92f3577b34da6a3ce929d0e0e4736')
    expect(bodyOf('/v1/metrics')).toContain('http.server.request.duration')
  })
})
