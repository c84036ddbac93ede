import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The bundle has copies beside it; a checkout has the originals.
const bundled = new URL('./resources/', import.meta.url)
const isBundled = existsSync(bundled)
const root = new URL('../../../../', import.meta.url)

/** Where the DDL of the events log lies. */
export const eventsLogUrl = isBundled
  ? new URL('events-log.sql', bundled)
  : new URL('libs/service/sql/events-log.sql', root)

/** Returns the folder of the migrations of one of Freehold's own services. */
export function migrationsFolderOf(service: string): string {
  const folder = isBundled ? bundled : new URL('migrations/', root)
  return fileURLToPath(new URL(`${isBundled ? 'migrations/' : ''}${service}/migrations`, folder))
}

/** Where the JSON Schemas lie: beside the sources and beside the bundle. */
export const schemasFolder = new URL(isBundled ? '../schemas/' : '../../schemas/', import.meta.url)
