/** Judges contracts without a running catalog. */
export { compareEventSchemas } from './compare-event-schemas.ts'
export { compareOpenApi } from './compare-open-api.ts'
export type { Finding } from './finding.ts'
