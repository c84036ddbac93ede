import { compareCatalogs } from '../inspect/compare-catalogs.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { findLastVerifiedRun, findOpenRun, readWindowCatalog } from '../run/journal.ts'
import type { DriftOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withSession } from './with-session.ts'

/** Returns how the live schema differs from what Freehold left behind: in an open window, or after the last verified run. */
export async function drift(target: Target): Promise<DriftOutcome> {
  return await withSession(target, async (client) => {
    const catalog = await readCatalog(client)
    const fingerprint = fingerprintCatalog(catalog)
    const open = await findOpenRun(client)
    const inWindow = open?.state === 'windowOpen' ? await readWindowCatalog(client, open.id) : null
    if (inWindow !== null) {
      return { differences: compareCatalogs(inWindow, catalog, { ignorePlace: true }), fingerprint }
    }
    const run = await findLastVerifiedRun(client)
    if (run === undefined) {
      return { differences: null, fingerprint }
    }
    if (run.verifiedFingerprint === fingerprint) {
      return { differences: [], fingerprint }
    }
    const expected = run.verifiedCatalog
    if (expected === null) {
      return {
        differences: [{ object: 'schema', what: 'fingerprint', expected: run.verifiedFingerprint, found: fingerprint }],
        fingerprint,
      }
    }
    return { differences: compareCatalogs(expected, catalog, { ignorePlace: true }), fingerprint }
  })
}
