import { createHash } from 'node:crypto'
import type { Catalog } from './catalog.ts'
import { canonicalJson } from './compare-catalogs.ts'
import { listObjects } from './list-objects.ts'

/** A catalog is never changed once it has been read; of hundreds of tables it takes 0.1 s to write out. */
const fingerprints = new WeakMap<Catalog, string>()

/**
 * Returns a SHA-256 in hexadecimal that two databases share if they have the same schema. Owners, rights, tablespaces,
 * sizes, settings and the reading role differ by place and are not in it.
 */
export function fingerprintCatalog(catalog: Catalog): string {
  const known = fingerprints.get(catalog)
  if (known !== undefined) {
    return known
  }
  const objects = [...listObjects(catalog, { ignorePlace: true })].sort(([a], [b]) => (a < b ? -1 : 1))
  const fingerprint = createHash('sha256').update(canonicalJson(objects)).digest('hex')
  fingerprints.set(catalog, fingerprint)
  return fingerprint
}
