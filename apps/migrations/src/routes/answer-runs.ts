import { migrationsRoutes as routes } from '@freehold/contracts-migrations'
import type { Serve } from '@freehold/service'
import { decideRun } from '../domain/decide-run.ts'
import { followRun } from '../domain/follow-run.ts'
import { startFleetRun } from '../domain/start-fleet-run.ts'
import { startRun } from '../domain/start-run.ts'
import {
  cancelFleetRun,
  completeFleetRun,
  pauseFleetRun,
  resumeFleetRun,
  undoFleetRun,
} from '../domain/steer-fleet-run.ts'
import { cancelRun, completeRun, pauseRun, resumeRun, undoRun } from '../domain/steer-run.ts'
import { getFleetRun, listFleetRuns } from '../store/fleet-runs.ts'
import { getRun, listRuns } from '../store/runs.ts'
import type { Store } from '../store/schema.ts'

/** Answers the routes of runs. */
export function answerRuns(serve: Serve, store: Store): void {
  serve(routes.startRun, async ({ params, body, identity }) =>
    startRun(store, { ...body, service: params.serviceId, databaseId: params.databaseId, createdBy: identity.subject }),
  )
  serve(routes.listRuns, async ({ params, query }) => await listRuns(store, params.serviceId, query, query))
  serve(routes.getRun, async ({ params }) => await getRun(store, params.serviceId, params.runId))
  serve(routes.followRun, async ({ params, query, signal }) =>
    followRun(store, { service: params.serviceId, runId: params.runId, after: query.after ?? 0, signal }),
  )
  serve(routes.decideRun, async ({ params, body, identity }) =>
    decideRun(store, { service: params.serviceId, runId: params.runId, request: body, caller: identity }),
  )
  serve(routes.pauseRun, async ({ params }) => await pauseRun(store, params.serviceId, params.runId))
  serve(routes.resumeRun, async ({ params }) => await resumeRun(store, params.serviceId, params.runId))
  serve(routes.cancelRun, async ({ params }) => await cancelRun(store, params.serviceId, params.runId))
  serve(routes.completeRun, async ({ params }) => await completeRun(store, params.serviceId, params.runId))
  serve(routes.undoRun, async ({ params }) => await undoRun(store, params.serviceId, params.runId))
}

/** Answers the routes of fleet runs. */
export function answerFleetRuns(serve: Serve, store: Store): void {
  serve(routes.startFleetRun, async ({ params, body, identity }) =>
    startFleetRun(store, { ...body, service: params.serviceId, createdBy: identity.subject }),
  )
  serve(routes.listFleetRuns, async ({ params, query }) => await listFleetRuns(store, params.serviceId, query))
  serve(routes.getFleetRun, async ({ params }) => await getFleetRun(store, params.serviceId, params.fleetRunId))
  serve(routes.pauseFleetRun, async ({ params }) => await pauseFleetRun(store, params.serviceId, params.fleetRunId))
  serve(routes.resumeFleetRun, async ({ params }) => await resumeFleetRun(store, params.serviceId, params.fleetRunId))
  serve(routes.completeFleetRun, async ({ params }) => completeFleetRun(store, params.serviceId, params.fleetRunId))
  serve(routes.undoFleetRun, async ({ params }) => await undoFleetRun(store, params.serviceId, params.fleetRunId))
  serve(routes.cancelFleetRun, async ({ params }) => await cancelFleetRun(store, params.serviceId, params.fleetRunId))
}
