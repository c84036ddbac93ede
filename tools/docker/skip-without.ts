import type { TestContext } from 'vitest'

/** Leaves the test out, with the reason at the end of the run, where a server is missing; where all are required it fails. */
export function skipWithout(context: TestContext, missing: string | undefined): void {
  if (missing !== undefined && process.env['FREEHOLD_REQUIRE_DOCKER'] === '1') {
    throw new Error(`FREEHOLD_REQUIRE_DOCKER=1, and ${missing}`)
  }
  context.skip(missing !== undefined, missing)
}
