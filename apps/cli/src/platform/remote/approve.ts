import type { Run } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/migrations/problem'
import { platformProblems } from '../platform-problems.ts'
import { getPlanOf, type RemoteDatabase } from './remote-database.ts'

/** Whose word a run gets that waits for a person's. */
export interface Approver {
  /** The reason of --approve. */
  reason: string | undefined
  /** Asks a person at the terminal; null where there is none. */
  confirm: ((question: string, signal: AbortSignal) => Promise<boolean>) | null
  say(text: string): void
}

/** Approves the plan that the run waits with; throws a Problem that shows what it destroys where nobody does. */
export async function approve(
  remote: RemoteDatabase,
  run: Run,
  { reason, confirm, say }: Approver,
  signal: AbortSignal,
): Promise<void> {
  const plan = await getPlanOf(remote, run)
  const lines = plan.destructive.map((each) => `${each.migrationId}:${each.line}  ${each.reason}`)
  let given = reason
  if (given === undefined && confirm !== null) {
    for (const line of lines) {
      say(`  ${line}`)
    }
    if (await confirm('Approve this plan?', signal)) {
      given = 'approved at the terminal of freehold migrate deploy'
    }
  }
  if (given === undefined) {
    const detail = `the run ${run.id} waits for a person’s approval of what it destroys`
    throw new Problem(platformProblems.approvalMissing, detail, { lines })
  }
  await remote.client.decideRun({
    params: { serviceId: remote.service, runId: run.id },
    body: { decision: 'approved', reason: given, contentHash: plan.contentHash ?? '' },
  })
}
