import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createClient, defineEvent, defineRoute, toEventSchemas, toOpenApi } from './index.ts'

const Order = z.object({ id: z.string(), note: z.string().default('') }).meta({ id: 'Order' })
const orderNotFound = {
  code: 'FHD_SHOP_ORDER_NOT_FOUND',
  status: 404,
  title: 'There is no such order.',
  hint: 'GET /v1/orders lists them',
} as const
const routes = {
  listOrders: defineRoute({
    method: 'GET',
    path: '/v1/orders',
    summary: 'Lists orders',
    access: 'authenticated',
    query: z.object({ limit: z.int().min(1).max(100).default(20), state: z.array(z.string()).optional() }),
    response: { 200: z.object({ orders: z.array(Order) }) },
    problems: [],
  }),
  putOrder: defineRoute({
    method: 'PUT',
    path: '/v1/shops/:shopId/orders/:orderId',
    summary: 'Puts an order',
    access: { role: 'operator', service: 'shopId' },
    params: z.object({ shopId: z.string(), orderId: z.string() }),
    body: Order,
    response: { 200: Order, 204: z.void() },
    problems: [orderNotFound],
  }),
  followOrders: defineRoute({
    method: 'GET',
    path: '/v1/orders/events',
    summary: 'Follows orders',
    access: 'public',
    response: { 200: Order },
    problems: [],
    stream: true,
  }),
}

async function gather<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) {
    all.push(event)
  }
  return all
}

describe('defineRoute', () => {
  const sound = {
    method: 'GET',
    path: '/v1/orders/:orderId',
    summary: '',
    access: 'public',
    params: z.object({ orderId: z.string() }),
    response: { 200: Order },
    problems: [],
  } as const

  it.each([
    [{ path: '/v1/orders' }, /the path has the parameters \[\], params describes \[orderId\]/],
    [{ path: 'v1/orders/:orderId' }, /a path is/],
    [{ access: { role: 'owner', service: 'shopId' } as const }, /access names the parameter shopId/],
    [{ body: Order }, /a GET has no body/],
    [{ response: { 404: Order } }, /response describes successes/],
    [{ response: { 201: Order }, stream: true } as const, /a stream answers a GET with 200/],
    [{ resumesBy: 'position' }, /what resumes is a stream/],
  ])('refuses parts that contradict each other: %j', (change, message) => {
    expect(() => defineRoute({ ...sound, ...change })).toThrow(message)
    expect(defineRoute(sound)).toBe(sound)
  })
})

describe('defineEvent', () => {
  it('refuses a type that does not belong to its topic', () => {
    const data = z.object({ orderId: z.string() })
    const event = { type: 'freehold.shop.order.placed.v1', topic: 'freehold.shop.order.v1', data }
    expect(defineEvent(event)).toBe(event)
    expect(() => defineEvent({ ...event, topic: 'freehold.shop.cart.v1' })).toThrow(/does not belong/)
    expect(() => defineEvent({ ...event, type: 'OrderPlaced' })).toThrow(/does not belong/)
  })
})

describe('createClient', () => {
  const answers = (status: number, body: string, type = 'application/json'): typeof fetch =>
    (async () =>
      new Response(status === 204 ? null : body, { status, headers: { 'content-type': type } })) as typeof fetch

  it('is typed by the table', () => {
    const client = createClient(routes, { baseUrl: 'http://shop' })
    type Orders = { orders: { id: string; note: string }[] }
    expectTypeOf(client.listOrders).returns.resolves.toEqualTypeOf<Orders>()
    expectTypeOf<{ query: { limit: number } }>().toExtend<NonNullable<Parameters<typeof client.listOrders>[0]>>()
    expectTypeOf<{ body: { id: string } }>().not.toExtend<Parameters<typeof client.putOrder>[0]>()
    expectTypeOf<{ params: { shopId: string; orderId: string }; body: { id: string } }>().toExtend<
      Parameters<typeof client.putOrder>[0]
    >()
  })

  it('writes parameters, query and body as the route has them, with a token', async () => {
    const seen: { url: string; init: RequestInit }[] = []
    const client = createClient(routes, {
      baseUrl: 'http://shop/',
      token: async () => 'T',
      headers: () => ({ traceparent: 'P' }),
      fetch: (async (url: string, init: RequestInit) => {
        seen.push({ url, init })
        return new Response(null, { status: 204 })
      }) as typeof fetch,
    })
    await client.putOrder({ params: { shopId: 'a/b', orderId: '1' }, body: { id: '1' } })
    await client.listOrders({ query: { limit: 5, state: ['a', 'b&c'] } }).catch(() => {})
    expect(seen[0]?.url).toBe('http://shop/v1/shops/a%2Fb/orders/1')
    expect(seen[0]?.init).toMatchObject({
      method: 'PUT',
      body: '{"id":"1"}',
      headers: { authorization: 'Bearer T', traceparent: 'P', 'content-type': 'application/json' },
    })
    expect(seen[1]?.url).toBe('http://shop/v1/orders?limit=5&state=a&state=b%26c')
    await expect(client.putOrder({ params: { shopId: '..', orderId: '1' }, body: { id: '1' } })).rejects.toThrow(
      /'?shopId/,
    )
  })

  it('gives the body of a success, with what the schema makes of it', async () => {
    const client = createClient(routes, { baseUrl: 'http://shop', fetch: answers(200, '{"orders":[{"id":"1"}]}') })
    expect(await client.listOrders()).toEqual({ orders: [{ id: '1', note: '' }] })
  })

  it('throws the problem that the service answers', async () => {
    const problem = { type: 'x:FHD_SHOP_ORDER_NOT_FOUND', title: 'No.', status: 404, code: 'FHD_SHOP_ORDER_NOT_FOUND' }
    const client = createClient(routes, { baseUrl: 'http://shop', fetch: answers(404, JSON.stringify(problem)) })
    await expect(client.listOrders()).rejects.toMatchObject({ name: 'ContractProblem', problem, status: 404 })
  })

  it.each([
    ['a page of a proxy', 502, '<html>', 502],
    ['another status', 202, '{}', 502],
    ['no JSON', 200, '<html>', 502],
    ['another body', 200, '{"orders":[{"id":1}]}', 502],
  ])('says so when the answer does not fit the contract: %s', async (_, status, body, expected) => {
    const client = createClient(routes, { baseUrl: 'http://shop', fetch: answers(status, body) })
    await expect(client.listOrders()).rejects.toMatchObject({
      code: 'FHD_CLIENT_UNEXPECTED_RESPONSE',
      status: expected,
    })
  })

  it('tells a service that does not answer from a call that was taken back', async () => {
    const failing = (async () => {
      throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })
    }) as typeof fetch
    const client = createClient(routes, { baseUrl: 'http://shop', fetch: failing })
    await expect(client.listOrders()).rejects.toMatchObject({
      name: 'UnreachableError',
      message: 'no answer to GET /v1/orders: ECONNREFUSED',
    })
    await expect(client.listOrders({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('yields the events of a stream until the service says that it is complete', async () => {
    const body = ': hello\r\n\r\ndata: {"id":\ndata: "1"}\n\ndata:{"id":"2","note":"ö"}\n\nevent: end\ndata: \n\n'
    const client = createClient(routes, { baseUrl: 'http://shop', fetch: answers(200, body, 'text/event-stream') })
    expect(await gather(client.followOrders())).toEqual([
      { id: '1', note: '' },
      { id: '2', note: 'ö' },
    ])
  })

  it('throws when a stream breaks off, or ends in a problem', async () => {
    const cut = createClient(routes, { baseUrl: 'http://shop', fetch: answers(200, 'data: {"id":"1"}\n\ndata: {') })
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const order of cut.followOrders()) {
        seen.push(order)
      }
    })()
    await expect(reading).rejects.toMatchObject({ name: 'StreamInterrupted' })
    expect(seen).toHaveLength(1)
    const problem = { type: 'x:FHD_X', title: 'No.', status: 500, code: 'FHD_X' }
    const text = `event: problem\ndata: ${JSON.stringify(problem)}\n\n`
    const failing = createClient(routes, { baseUrl: 'http://shop', fetch: answers(200, text) })
    await expect(gather(failing.followOrders())).rejects.toMatchObject({ problem })
  })
})

describe('toOpenApi', () => {
  const document = toOpenApi(routes, { title: 'Shop', version: '1.0.0' })

  it('describes parameters, bodies, answers and who may call', () => {
    const put = document.paths['/v1/shops/{shopId}/orders/{orderId}']?.['put']
    expect(put).toMatchObject({
      operationId: 'putOrder',
      security: [{ token: [] }],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/OrderInput' } } },
      },
      'x-freehold-access': { role: 'operator', service: 'shopId' },
    })
    expect(put?.parameters?.map(({ name, in: place, required }) => [name, place, required])).toEqual([
      ['shopId', 'path', true],
      ['orderId', 'path', true],
    ])
    expect(put?.responses['200']?.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/Order' } },
    })
    expect(put?.responses['204']).not.toHaveProperty('content')
    expect(put?.responses['404']?.description).toContain('FHD_SHOP_ORDER_NOT_FOUND: There is no such order.')
    const list = document.paths['/v1/orders']?.['get']
    expect(list?.parameters?.[0]).toMatchObject({
      name: 'limit',
      required: false,
      schema: { type: 'integer', default: 20 },
    })
    expect(document.paths['/v1/orders/events']?.['get']).toMatchObject({
      security: [],
      responses: { 200: { content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/Order' } } } } },
    })
  })

  it('names a schema once for answers and once for requests where they differ', () => {
    const { schemas } = document.components
    expect(schemas['Order']).toMatchObject({ required: ['id', 'note'] })
    expect(schemas['OrderInput']).toMatchObject({ required: ['id'] })
    expect(schemas['Order']).not.toHaveProperty('additionalProperties')
  })

  it('gives the same document each time, without a reference that leads nowhere', () => {
    const text = JSON.stringify(document)
    expect(JSON.stringify(toOpenApi(routes, { title: 'Shop', version: '1.0.0' }))).toBe(text)
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1])
    expect(references.filter((name) => document.components.schemas[name as string] === undefined)).toEqual([])
  })
})

describe('toEventSchemas', () => {
  it('holds the data of each event under its type', () => {
    const placed = defineEvent({ type: 'freehold.shop.order.placed.v1', topic: 'freehold.shop.order.v1', data: Order })
    expect(toEventSchemas({ placed }, 'Shop')).toMatchObject({
      oneOf: [{ $ref: '#/$defs/freehold.shop.order.placed.v1' }],
      $defs: {
        'freehold.shop.order.placed.v1': { $ref: '#/$defs/Order', 'x-topic': 'freehold.shop.order.v1' },
        Order: { required: ['id', 'note'] },
      },
    })
  })
})
