import { type Client, type ClientOptions, createClient } from '@freehold/contracts-base'
import { catalogRoutes } from './routes.ts'

/** Returns a client of the catalog. */
export function createCatalogClient(options: ClientOptions): Client<typeof catalogRoutes> {
  return createClient(catalogRoutes, options)
}
