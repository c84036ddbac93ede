import { defineEvent } from '@freehold/contracts-base'
import { z } from 'zod'
import { Database, DriftFinding } from './schemas/database.ts'
import { FleetRun } from './schemas/fleet-run.ts'
import { Run, type RunState } from './schemas/run.ts'

const run = <const V extends string>(verb: V) =>
  defineEvent({ type: `freehold.migrations.run.${verb}.v1`, topic: 'freehold.migrations.run.v1', data: Run })

const database = <const V extends string>(verb: V) =>
  defineEvent({
    type: `freehold.migrations.database.${verb}.v1`,
    topic: 'freehold.migrations.database.v1',
    data: Database,
  })

const drift = <const V extends string>(verb: V) =>
  defineEvent({
    type: `freehold.migrations.database.${verb}.v1`,
    topic: 'freehold.migrations.database.v1',
    data: DriftFinding,
  })

const fleetRun = <const V extends string>(verb: V) =>
  defineEvent({
    type: `freehold.migrations.fleet-run.${verb}.v1`,
    topic: 'freehold.migrations.fleet-run.v1',
    data: FleetRun.omit({ runs: true }).extend({ databases: z.number() }),
  })

/** The event that tells of a run's arrival in a state; the key is the run's id. */
export const runEvents = {
  held: run('held'),
  planning: run('planning-started'),
  awaitingApproval: run('approval-requested'),
  queued: run('queued'),
  expanding: run('expand-started'),
  windowOpen: run('window-opened'),
  contractQueued: run('contract-queued'),
  contracting: run('contract-started'),
  completed: run('completed'),
  paused: run('paused'),
  undoing: run('undo-started'),
  undone: run('undone'),
  failed: run('failed'),
  rejected: run('rejected'),
  cancelled: run('cancelled'),
} satisfies Record<RunState, unknown>

/** The event that tells of a fleet run's arrival in a state; the key is the fleet run's id. */
export const fleetRunEvents = {
  canary: fleetRun('canary-started'),
  rollingOut: fleetRun('rollout-started'),
  paused: fleetRun('paused'),
  stopping: fleetRun('stop-requested'),
  completed: fleetRun('completed'),
  stopped: fleetRun('stopped'),
}

/** Events of databases; the key is the database's id. */
export const databaseEvents = {
  registered: database('registered'),
  changed: database('changed'),
  removed: database('removed'),
  driftFound: drift('drift-found'),
  driftResolved: drift('drift-resolved'),
}

/** Every event of the migrations service by a name of its own. */
export const migrationsEvents = {
  ...Object.fromEntries(Object.entries(runEvents).map(([state, event]) => [`run.${state}`, event])),
  ...Object.fromEntries(Object.entries(fleetRunEvents).map(([state, event]) => [`fleetRun.${state}`, event])),
  ...Object.fromEntries(Object.entries(databaseEvents).map(([verb, event]) => [`database.${verb}`, event])),
}
