import { PrismaPg } from '@prisma/adapter-pg'
import Fastify, { type FastifyInstance } from 'fastify'
import { customerParams, newOrder, orderParams, ordersByStatus, statusChange } from '../../requests.ts'
import { type Order, PrismaClient } from '../generated/client.ts'
import type { OrderStatus } from '../generated/enums.ts'

interface NewOrder {
  customerId: number
  currency: string
  lines: { sku: string; quantity: number; price: number }[]
}

/** Builds the orders service: what the shop writes. */
export function buildOrders(databaseUrl: string): FastifyInstance {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: databaseUrl, application_name: 'orders 2', max: 10 }),
  })
  const app = Fastify()
  app.addHook('onClose', () => prisma.$disconnect())
  app.get('/health', () => prisma.order.findFirst({ select: { id: true } }))

  app.post<{ Body: NewOrder }>('/orders', { schema: { body: newOrder } }, async (request, reply) => {
    const { customerId, currency, lines } = request.body
    const totalCents = lines.reduce((sum, line) => sum + line.quantity * line.price, 0)
    const created = await prisma.order.create({
      data: { customerId, currency, totalCents, lines: { create: lines } },
      include: { lines: true },
    })
    return reply.code(201).send({ ...toResponse(created), lines: created.lines })
  })

  app.get<{ Params: { id: number } }>('/orders/:id', { schema: { params: orderParams } }, async (request, reply) => {
    const found = await prisma.order.findUnique({ where: { id: request.params.id }, include: { lines: true } })
    return found === null
      ? reply.code(404).send({ message: 'no such order' })
      : { ...toResponse(found), lines: found.lines }
  })

  app.patch<{ Params: { id: number }; Body: { status: OrderStatus } }>(
    '/orders/:id',
    { schema: { params: orderParams, body: statusChange } },
    async (request) => {
      const { status } = request.body
      return toResponse(await prisma.order.update({ where: { id: request.params.id }, data: { status } }))
    },
  )

  app.get<{ Params: { customerId: number } }>(
    '/customers/:customerId/orders',
    { schema: { params: customerParams } },
    async (request) => {
      const { customerId } = request.params
      return (await prisma.order.findMany({ where: { customerId }, orderBy: { id: 'desc' }, take: 20 })).map(toResponse)
    },
  )

  app.get<{ Querystring: { status: OrderStatus } }>(
    '/orders',
    { schema: { querystring: ordersByStatus } },
    async (request) => {
      const { status } = request.query
      return (await prisma.order.findMany({ where: { status }, orderBy: { createdAt: 'asc' }, take: 20 })).map(
        toResponse,
      )
    },
  )
  return app
}

/** The column was renamed; what the shop's clients read was not. */
function toResponse({ totalCents, id, customerId, status, currency, createdAt }: Order) {
  return { id, customerId, status, currency, createdAt, total: totalCents }
}
