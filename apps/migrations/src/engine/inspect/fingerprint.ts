import { createHash } from 'node:crypto'
import type { Catalog } from './catalog.ts'
import { canonicalJson } from './compare-catalogs.ts'
import { listObjects } from './list-objects.ts'

/**
 * Returns a SHA-256 in hexadecimal that two databases share if they have the same schema. Owners, rights, tablespaces,
 * sizes, settings and the reading role differ by place and are not in it.
 */
export function fingerprintCatalog(catalog: Catalog): string {
  const objects = [...listObjects(catalog, { ignorePlace: true })].sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(canonicalJson(objects)).digest('hex')
}
