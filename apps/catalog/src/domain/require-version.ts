import { catalogErrors } from '@freehold/contracts-catalog'
import { Problem } from '@freehold/service'

/** Throws the Problem versionStale when the caller wants another version to be the current one. */
export function requireVersion(current: number, wanted: number | undefined): void {
  if (wanted !== undefined && wanted !== current) {
    throw new Problem(catalogErrors.versionStale, { detail: `The current version is ${current}, not ${wanted}.` })
  }
}
