import { databaseUrl, serve } from '../../serve.ts'

const which = process.argv[2]
if (which === 'orders') {
  const { buildOrders } = await import('./orders.ts')
  await serve(buildOrders(databaseUrl()))
} else if (which === 'reports') {
  const { buildReports } = await import('./reports.ts')
  await serve(buildReports(databaseUrl()))
} else {
  throw new Error('usage: main.ts orders | reports')
}
