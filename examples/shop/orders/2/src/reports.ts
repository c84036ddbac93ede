import Fastify, { type FastifyInstance } from 'fastify'
import { type Generated, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { customerParams } from '../../requests.ts'

interface Database {
  'public.orders': { id: Generated<number>; customer_id: number; status: string; total_cents: number; currency: string }
}

/** Builds the reports service: it reads the tables of the orders service with SQL of its own. */
export function buildReports(databaseUrl: string): FastifyInstance {
  const pool = new pg.Pool({ connectionString: databaseUrl, application_name: 'reports 2', max: 5 })
  // Without a listener Node ends the process when the server closes an idle connection.
  pool.on('error', () => {})
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const app = Fastify()
  app.addHook('onClose', () => kysely.destroy())
  app.get('/health', () => kysely.selectFrom('public.orders').select('id').limit(1).execute())

  app.get<{ Params: { customerId: number } }>(
    '/customers/:customerId/revenue',
    { schema: { params: customerParams } },
    (request) =>
      kysely
        .selectFrom('public.orders')
        .where('customer_id', '=', request.params.customerId)
        .groupBy(['status', 'currency'])
        .select(({ fn }) => [
          'status',
          'currency',
          fn.countAll<string>().as('orders'),
          fn.sum<string>('total_cents').as('total'),
        ])
        .execute(),
  )
  return app
}
