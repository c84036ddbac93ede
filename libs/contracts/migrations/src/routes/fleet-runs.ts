import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { migrationsErrors as errors } from '../errors.ts'
import { FleetRun, FleetRunRequest } from '../schemas/fleet-run.ts'
import { fleetRunParams, operator, serviceParams, viewer } from './common.ts'

const fleetRuns = '/v1/services/:serviceId/fleet-runs'
const fleetRun = `${fleetRuns}/:fleetRunId` as const

const action = <const V extends string>(verb: V, summary: string) =>
  defineRoute({
    method: 'POST',
    path: `${fleetRun}/${verb}`,
    summary,
    access: operator,
    params: fleetRunParams,
    response: { 202: FleetRun },
    problems: [errors.fleetRunNotFound, errors.fleetRunNotInState],
  })

export const fleetRunRoutes = {
  startFleetRun: defineRoute({
    method: 'POST',
    path: fleetRuns,
    summary:
      'Runs one migration set over many databases: the canary first and alone, then in parallel, until one fails',
    access: operator,
    params: serviceParams,
    body: FleetRunRequest,
    response: { 202: FleetRun },
    problems: [errors.migrationSetNotFound, errors.fleetInvalid, errors.databaseInUse],
  }),
  listFleetRuns: defineRoute({
    method: 'GET',
    path: fleetRuns,
    summary: 'Lists the service’s fleet runs, the latest first',
    access: viewer,
    params: serviceParams,
    query: z.object(pageQuery),
    response: { 200: pageOf(FleetRun) },
    problems: [],
  }),
  getFleetRun: defineRoute({
    method: 'GET',
    path: fleetRun,
    summary: 'Reads a fleet run; its runs are those with its id',
    access: viewer,
    params: fleetRunParams,
    response: { 200: FleetRun },
    problems: [errors.fleetRunNotFound],
  }),
  pauseFleetRun: action('pause', 'Begins no further database; those under way go on'),
  resumeFleetRun: action('resume', 'Lets a paused fleet run go on'),
  completeFleetRun: action('complete', 'Asks for the contract phase of each of its runs whose window is open'),
  undoFleetRun: action('undo', 'Takes back each of its runs whose window is open; begins no further database'),
  cancelFleetRun: action('cancel', 'Begins no further database and ends when those under way are at their end'),
}
