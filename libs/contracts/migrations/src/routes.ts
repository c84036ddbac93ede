import { deadLetterRoutes } from '@freehold/contracts-base'
import { databaseRoutes } from './routes/databases.ts'
import { fleetRunRoutes } from './routes/fleet-runs.ts'
import { planRoutes } from './routes/plans.ts'
import { runRoutes } from './routes/runs.ts'

/** Every route of the migrations service. */
export const migrationsRoutes = {
  ...databaseRoutes,
  ...planRoutes,
  ...runRoutes,
  ...fleetRunRoutes,
  ...deadLetterRoutes,
}
