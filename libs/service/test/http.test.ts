import { createClient, ProblemDocument } from '@freehold/contracts-base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop, type Shop, shopRoutes } from './shop.ts'

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

it('streams to the client of the contract', async () => {
  const other = await openShop()
  const service = await startService(other.app, testConfig())
  try {
    const client = createClient(shopRoutes, { baseUrl: service.url })
    const steps: number[] = []
    for await (const { step } of client.followOrders({ params: { orderId: '1' } })) {
      steps.push(step)
    }
    expect(steps).toEqual([1, 2])
    expect(ProblemDocument.safeParse({}).success).toBe(false)
  } finally {
    await service.close()
  }
})
