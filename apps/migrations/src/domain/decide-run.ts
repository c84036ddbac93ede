import type { Caller } from '@freehold/contracts-base'
import { type ApprovalRequest, migrationsErrors, type Run } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { readDatabase } from '../store/databases.ts'
import { findPlan } from '../store/plans.ts'
import { lockRunOf, transitionRun } from '../store/runs.ts'
import type { Store } from '../store/schema.ts'
import { startOf } from './follow-plan.ts'
import { isPerson } from './is-person.ts'

/** Enters a person's word on the plan of a run, and lets the run go on or ends it. */
export async function decideRun(
  store: Store,
  input: { service: string; runId: string; request: ApprovalRequest; caller: Caller },
): Promise<Run> {
  const { request, caller } = input
  if (!isPerson(caller)) {
    throw new Problem(migrationsErrors.approverNotPerson, { detail: `${caller.subject} is not a person` })
  }
  return await store.transaction().execute(async (trx) => {
    const run = await lockRunOf(trx, input.service, input.runId)
    if (run.state !== 'awaitingApproval') {
      throw new Problem(migrationsErrors.runNotInState, {
        detail: `the run is ${run.state} and waits for nobody’s word`,
      })
    }
    const plan = run.plan_id === null ? undefined : await findPlan(trx, run.plan_id)
    if (plan?.content_hash !== request.contentHash) {
      throw new Problem(migrationsErrors.approvalStale, { detail: 'the run’s plan has another content hash' })
    }
    await trx
      .insertInto('approvals')
      .values({
        id: uuidv7(),
        run_id: run.id,
        plan_id: plan.id,
        content_hash: request.contentHash,
        decision: request.decision,
        reason: request.reason,
        decided_by: caller.subject,
      })
      .execute()
    const detail = `${request.decision} by ${caller.subject}: ${request.reason}`
    if (request.decision === 'rejected') {
      return await transitionRun(trx, run, { to: 'rejected', detail })
    }
    const database = await readDatabase(trx, run.database_id)
    return await transitionRun(trx, run, { to: 'queued', detail, change: { starts_at: startOf(run, database) } })
  })
}
