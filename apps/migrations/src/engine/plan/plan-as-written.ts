import type { Catalog } from '../inspect/catalog.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import type { Migration } from '../parse/statement.ts'
import { hashOf } from './order-steps.ts'
import { type Plan, planFormatVersion } from './plan.ts'

/**
 * Returns the plan for a database that holds no table of the user's: nobody can wait, so the files run as they stand,
 * and neither rehearsal nor proof is needed.
 */
export function planAsWritten(catalog: Catalog, migrations: Migration[]): Plan {
  const plan: Omit<Plan, 'contentHash' | 'proof'> = {
    formatVersion: planFormatVersion,
    fingerprint: fingerprintCatalog(catalog),
    finalFingerprint: null,
    serverMajor: Math.floor(catalog.serverVersionNum / 10000),
    mode: 'asWritten',
    migrations: migrations.map(({ id, checksum }) => ({ id, checksum })),
    postponed: [],
    statements: [],
    steps: [],
    warnings: [],
    refusals: [],
  }
  return { ...plan, contentHash: hashOf(plan), proof: null }
}
