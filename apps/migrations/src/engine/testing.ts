/** What tests and tools need of the engine's parts to judge a database; not for products. */

export type { Catalog } from './inspect/catalog.ts'
export { compareCatalogs, type Difference } from './inspect/compare-catalogs.ts'
export { readCatalog } from './inspect/read-catalog.ts'
export { parseMigration } from './parse/parse-migration.ts'
export { compareContents } from './prove/compare-contents.ts'
export { findVolatileColumns } from './prove/volatile-columns.ts'
export { makeRows } from './rehearse/make-rows.ts'
