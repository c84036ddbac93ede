import { readRuns, toSummary } from '../run/journal.ts'
import type { RunSummary } from './outcomes.ts'
import type { Target } from './target.ts'
import { withSession } from './with-session.ts'

/** Returns every run that the journal has, the latest first. */
export async function history(target: Target): Promise<RunSummary[]> {
  return await withSession(target, async (client) => (await readRuns(client)).map(toSummary))
}
