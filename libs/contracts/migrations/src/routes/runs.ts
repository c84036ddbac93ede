import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { migrationsErrors as errors } from '../errors.ts'
import { RunFact } from '../schemas/fact.ts'
import { ApprovalRequest, Run, RunRequest, RunState } from '../schemas/run.ts'
import { databaseParams, operator, runParams, serviceParams, viewer } from './common.ts'

const runs = '/v1/services/:serviceId/runs'
const run = `${runs}/:runId` as const

/** Something asked of a run that is there. */
const action = <const V extends string>(verb: V, summary: string) =>
  defineRoute({
    method: 'POST',
    path: `${run}/${verb}`,
    summary,
    access: operator,
    params: runParams,
    response: { 202: Run },
    problems: [errors.runNotFound, errors.runNotInState, errors.databaseInUse],
  })

export const runRoutes = {
  startRun: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/databases/:databaseId/runs',
    summary: 'Asks for the pending migrations of a set to be run on a database',
    access: operator,
    params: databaseParams,
    body: RunRequest,
    response: { 202: Run },
    problems: [
      errors.databaseNotFound,
      errors.migrationSetNotFound,
      errors.planNotFound,
      errors.planNotUsable,
      errors.databaseInUse,
    ],
  }),
  listRuns: defineRoute({
    method: 'GET',
    path: runs,
    summary: 'Lists the service’s runs, the latest first',
    access: viewer,
    params: serviceParams,
    query: z.object({
      ...pageQuery,
      databaseId: z.uuid().optional(),
      fleetRunId: z.uuid().optional(),
      state: RunState.optional(),
    }),
    response: { 200: pageOf(Run) },
    problems: [],
  }),
  getRun: defineRoute({
    method: 'GET',
    path: run,
    summary: 'Reads a run',
    access: viewer,
    params: runParams,
    response: { 200: Run },
    problems: [errors.runNotFound],
  }),
  followRun: defineRoute({
    method: 'GET',
    path: `${run}/facts`,
    summary:
      'Follows a run by server-sent events until it rests; called again it goes on behind the position in `after`',
    access: viewer,
    params: runParams,
    query: z.object({
      /** Position of the last fact that was received. */
      after: z.int().min(0).max(2_147_483_647).optional(),
    }),
    response: { 200: RunFact },
    problems: [errors.runNotFound],
    stream: true,
    resumesBy: 'position',
  }),
  decideRun: defineRoute({
    method: 'POST',
    path: `${run}/approvals`,
    summary: 'Approves or rejects the plan of a run that waits for a person',
    access: operator,
    params: runParams,
    body: ApprovalRequest,
    response: { 200: Run },
    problems: [errors.runNotFound, errors.runNotInState, errors.approvalStale, errors.approverNotPerson],
  }),
  pauseRun: action('pause', 'Stops a run at the next step’s end; what is done stays'),
  resumeRun: action('resume', 'Lets a paused run go on'),
  cancelRun: action('cancel', 'Stops a run before its contract phase and takes back what it has done'),
  completeRun: action('complete', 'Asks for the contract phase of a run whose window is open'),
  undoRun: action('undo', 'Takes a run back whose contract phase has not begun'),
}
