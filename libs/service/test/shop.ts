// A service as its authors write one, for the tests of what surrounds it.

import { defineRoute } from '@freehold/contracts-base'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { createApp, Problem, reply, type ServiceOptions } from '../src/index.ts'
import { createTestIssuer, type TestIssuer, testConfig } from '../src/testing.ts'

const orderNotFound = {
  code: 'FHD_SHOP_ORDER_NOT_FOUND',
  status: 404,
  title: 'There is no such order.',
  hint: 'GET /v1/shops/{shopId}/orders lists them',
} as const

const Order = z.object({ id: z.string(), note: z.string().default('') }).meta({ id: 'Order' })
const shopId = z.object({ shopId: z.string().min(1).max(63) })

export const shopRoutes = {
  listOrders: defineRoute({
    method: 'GET',
    path: '/v1/shops/:shopId/orders',
    summary: 'Lists orders',
    access: { role: 'viewer', service: 'shopId' },
    params: shopId,
    query: z.object({
      limit: z.int().min(1).max(100).default(20),
      paid: z.boolean().optional(),
      state: z.array(z.enum(['open', 'sent'])).optional(),
    }),
    response: { 200: z.object({ query: z.unknown(), caller: z.string() }) },
    problems: [],
  }),
  getOrder: defineRoute({
    method: 'GET',
    path: '/v1/orders/:orderId',
    summary: 'Gets an order',
    access: 'public',
    params: z.object({ orderId: z.string() }),
    response: { 200: Order },
    problems: [orderNotFound],
  }),
  placeOrder: defineRoute({
    method: 'POST',
    path: '/v1/orders',
    summary: 'Places an order',
    access: 'public',
    body: z.strictObject({ id: z.string().min(1), lines: z.array(z.object({ sku: z.string(), count: z.int() })) }),
    response: { 200: Order, 201: Order },
    problems: [],
  }),
  closeShop: defineRoute({
    method: 'DELETE',
    path: '/v1/shop',
    summary: 'Closes the shop',
    access: { role: 'owner' },
    response: { 204: z.void() },
    problems: [],
  }),
  followOrders: defineRoute({
    method: 'GET',
    path: '/v1/orders/:orderId/events',
    summary: 'Follows an order',
    access: 'public',
    params: z.object({ orderId: z.string() }),
    response: { 200: z.object({ step: z.int() }) },
    problems: [orderNotFound],
    stream: true,
  }),
}

export interface Shop {
  app: FastifyInstance
  issuer: TestIssuer
}

/** What `getOrder` does for some ids: faults of the service, of its database, and of its own answer. */
const faults: Record<string, () => unknown> = {
  missing: () => {
    throw new Problem(orderNotFound, { detail: 'No order has the id missing.' })
  },
  foreign: () => {
    throw new Problem({ ...orderNotFound, code: 'FHD_SHOP_ORDER_SENT', status: 409 })
  },
  bug: () => {
    throw new TypeError('secret detail of a bug')
  },
  unreachable: () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  },
  deadlock: () => {
    throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
  },
  unfit: () => ({ id: 7 }),
}

/** Returns a shop; `wait` is asked by each `getOrder` of `slow`. */
export async function openShop(
  options: Partial<ServiceOptions> & { wait?: (signal: AbortSignal) => Promise<void> } = {},
): Promise<Shop> {
  const issuer = await createTestIssuer()
  const { wait = async () => {}, ...rest } = options
  const app = await createApp({
    identity: { name: 'shop', version: '1.2.3', instance: 'a1' },
    config: testConfig(),
    contract: shopRoutes,
    verifier: issuer.verifier,
    ready: [],
    routes(serve) {
      serve(shopRoutes.listOrders, async ({ query, identity }) => ({ query, caller: identity.subject }))
      serve(shopRoutes.getOrder, async ({ params, signal }) => {
        if (params.orderId === 'slow') {
          await wait(signal)
        }
        return (faults[params.orderId]?.() ?? { id: params.orderId, extra: 'never sent' }) as { id: string }
      })
      serve(shopRoutes.placeOrder, async ({ body }) =>
        body.lines.length === 0
          ? reply(200, { id: body.id })
          : reply(201, { id: body.id }, { location: '/v1/orders/1' }),
      )
      serve(shopRoutes.closeShop, async () => undefined)
      serve(shopRoutes.followOrders, async ({ params, signal }) => countSteps(params.orderId, signal))
    },
    ...rest,
  })
  return { app, issuer }
}

async function* countSteps(orderId: string, signal: AbortSignal): AsyncGenerator<{ step: number }, void> {
  if (orderId === 'missing') {
    throw new Problem(orderNotFound)
  }
  yield { step: 1 }
  yield { step: 2 }
  if (orderId === 'endless') {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  if (orderId === 'bug') {
    throw new TypeError('secret detail of a bug')
  }
}
