import { createClient } from '@freehold/contracts-base'
import { migrationsRoutes } from './routes.ts'

/** Returns a client of the migrations service with one method a route. */
export function createMigrationsClient(options: Parameters<typeof createClient>[1]) {
  return createClient(migrationsRoutes, options)
}
