import { PrismaPg } from '@prisma/adapter-pg'
import Fastify, { type FastifyInstance } from 'fastify'
import { customerParams, newOrder, orderParams, statusChange } from '../../requests.ts'
import { PrismaClient } from '../generated/client.ts'
import type { OrderStatus } from '../generated/enums.ts'

interface NewOrder {
  customerId: number
  currency: string
  couponCode?: string
  lines: { sku: string; quantity: number; price: number }[]
}

/** Builds the orders service: what the shop writes. */
export function buildOrders(databaseUrl: string): FastifyInstance {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: databaseUrl, application_name: 'orders 1', max: 10 }),
  })
  const app = Fastify()
  app.addHook('onClose', () => prisma.$disconnect())
  app.get('/health', () => prisma.order.findFirst({ select: { id: true } }))

  app.post<{ Body: NewOrder }>('/orders', { schema: { body: newOrder } }, async (request, reply) => {
    const { lines, ...order } = request.body
    const total = lines.reduce((sum, line) => sum + line.quantity * line.price, 0)
    const created = await prisma.order.create({
      data: { ...order, total, lines: { create: lines } },
      include: { lines: true },
    })
    return reply.code(201).send(created)
  })

  app.get<{ Params: { id: number } }>('/orders/:id', { schema: { params: orderParams } }, async (request, reply) => {
    const found = await prisma.order.findUnique({ where: { id: request.params.id }, include: { lines: true } })
    return found ?? reply.code(404).send({ message: 'no such order' })
  })

  app.patch<{ Params: { id: number }; Body: { status: OrderStatus } }>(
    '/orders/:id',
    { schema: { params: orderParams, body: statusChange } },
    (request) => prisma.order.update({ where: { id: request.params.id }, data: { status: request.body.status } }),
  )

  app.get<{ Params: { customerId: number } }>(
    '/customers/:customerId/orders',
    { schema: { params: customerParams } },
    (request) =>
      prisma.order.findMany({ where: { customerId: request.params.customerId }, orderBy: { id: 'desc' }, take: 20 }),
  )
  return app
}
