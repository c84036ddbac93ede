import { deploy } from '@freehold/migrations/engine'
import { maxLockMsDefault } from '@freehold/migrations/limits'
import { migrationsFolderOf } from '../resources.ts'
import { migratorOf, ownServices } from './own-services.ts'
import type { UrlOf } from './prepare-databases.ts'

/** Brings the schema of each service to this version, as `freehold migrate deploy` does for anybody's. */
export async function migrateSchemas(urlOf: UrlOf, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  const migrate = async (service: (typeof ownServices)[number]): Promise<void> => {
    const { outcome, applied, warnings } = await deploy(
      {
        databaseUrl: urlOf(service, migratorOf(service)),
        migrationsFolder: migrationsFolderOf(service),
        schema: service,
        applicationName: `freehold-${service}`,
        onFact: () => {},
        signal,
      },
      // No service runs yet whose old version could still use what is removed.
      { phase: 'all', completePrevious: true, maxLockMs: maxLockMsDefault },
    )
    for (const warning of warnings) {
      say(`${service}: ${warning}`)
    }
    if (outcome !== 'nothingPending') {
      say(`${service}: schema version ${applied.at(-1)}`)
    }
  }
  await Promise.all(ownServices.map(migrate))
}
