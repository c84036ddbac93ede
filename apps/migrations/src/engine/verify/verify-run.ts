import type { Client } from '@freehold/postgres'
import { compareCatalogs, type Difference } from '../inspect/compare-catalogs.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { Problem, problems } from '../problem.ts'
import { type Run, readRunCatalog, setVerified } from '../run/journal.ts'

/** How many differences are shown; more say no more. */
const shownMax = 20

/**
 * Compares the live schema with the one that the plan was proven to end in, and enters it in the journal if it is the
 * same. Returns the Problem `schemaDiffers` if not, with the differences named where the expected schema is known.
 */
export async function verifyRun(client: Client, run: Run): Promise<Problem | undefined> {
  const found = await readCatalog(client)
  const fingerprint = fingerprintCatalog(found)
  const expected = run.plan.finalFingerprint
  if (expected !== null && expected !== fingerprint) {
    const catalog = await readRunCatalog(client, run.id)
    const differences = catalog === null ? [] : compareCatalogs(catalog, found, { ignorePlace: true })
    return new Problem(
      problems.schemaDiffers,
      'every step is done, but the schema is not the one that the plan was proven to end in',
      { lines: differences.slice(0, shownMax).map(describeDifference) },
    )
  }
  await setVerified(client, run, fingerprint, found)
  return undefined
}

function describeDifference({ object, what, expected, found }: Difference): string {
  return `${String(object)}, ${what}: expected ${expected ?? 'nothing'}, found ${found ?? 'nothing'}`
}
