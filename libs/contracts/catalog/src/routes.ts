import { accessRoutes } from './routes/access.ts'
import { configurationRoutes } from './routes/configuration.ts'
import { instanceRoutes } from './routes/instances.ts'
import { releaseRoutes } from './routes/releases.ts'
import { serviceRoutes } from './routes/services.ts'

/** Every route of the catalog. */
export const catalogRoutes = {
  ...serviceRoutes,
  ...configurationRoutes,
  ...releaseRoutes,
  ...instanceRoutes,
  ...accessRoutes,
}
