// The engine's functions carried out by the migrations service, so that each command of `freehold migrate` works on a
// platform as it does without: same documents, same words, same exit codes.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '@freehold/contracts-migrations'
import type { DeployOptions, DeployOutcome, Plan, Target, UndoOptions, UndoOutcome } from '@freehold/migrations/engine'
import { findMigrationsFolder } from '@freehold/migrations/find-folder'
import { maxLockMsDefault } from '@freehold/migrations/limits'
import { Problem, problems } from '@freehold/migrations/problem'
import { cliProblems } from '../../cli-problems.ts'
import type { Engine } from '../../engine.ts'
import { type Approver, approve } from './approve.ts'
import { followRun } from './follow-run.ts'
import { findLatestRun, type RemoteDatabase, uploadFolder } from './remote-database.ts'
import { readHistory, toOutcome, toRunProblem } from './run-outcome.ts'

const pollMs = 300

/** Returns an engine that works on the database through the platform. */
export function createRemoteEngine(remote: RemoteDatabase, approver: Approver): Engine {
  return {
    findMigrationsFolder,
    plan: async (target) => await makePlan(remote, target),
    deploy: async (target, options) => await deploy(remote, approver, target, options),
    complete: async (target, { maxLockMs }) => {
      refuseMaxLock(maxLockMs)
      return await complete(remote, target)
    },
    undo: async (target, options) => await undo(remote, target, options),
    history: async () => await readHistory(remote),
    status: async () => onDatabaseOnly('status of the folder'),
    drift: async () => onDatabaseOnly('drift'),
    baseline: async () => onDatabaseOnly('baseline'),
    resolve: async () => onDatabaseOnly('resolve'),
  }
}

function onDatabaseOnly(what: string): never {
  throw new Problem(cliProblems.wrongUse, `${what} works on a database: give --database-url`)
}

function refuseMaxLock(maxLockMs: number): void {
  if (maxLockMs !== maxLockMsDefault) {
    throw new Problem(
      cliProblems.wrongUse,
      'on a platform --max-lock-ms is migrate.maxLockMs of the service’s freehold.yaml',
    )
  }
}

async function makePlan(remote: RemoteDatabase, target: Target) {
  const { client, service, database } = remote
  const set = await uploadFolder(remote, target.migrationsFolder)
  const params = { serviceId: service, databaseId: database.id }
  let plan = await client.makePlan({ params, body: { migrationSetId: set.id }, signal: target.signal })
  target.onFact({ kind: 'preparing', what: 'plan', detail: 'on the platform' })
  while (plan.state === 'making') {
    await sleep(pollMs, undefined, { signal: target.signal })
    plan = await client.getPlan({ params: { serviceId: service, planId: plan.id }, signal: target.signal })
  }
  if (plan.problem !== null) {
    throw toRunProblem({ state: 'failed', problem: plan.problem } as Run)
  }
  const document = plan.document as unknown as Plan | null
  const warnings = plan.warnings.filter((warning) => document?.warnings.includes(warning) !== true)
  return { plan: document, warnings }
}

/** Runs what is pending; a run of the same migrations that is not at its end is followed instead. */
async function deploy(
  remote: RemoteDatabase,
  approver: Approver,
  target: Target,
  options: DeployOptions,
): Promise<DeployOutcome> {
  refuseMaxLock(options.maxLockMs)
  if (options.plan !== undefined) {
    throw new Problem(cliProblems.wrongUse, 'the platform makes its own plan: leave --plan out')
  }
  const set = await uploadFolder(remote, target.migrationsFolder)
  const latest = await findLatestRun(remote)
  const open = latest !== undefined && isOpen(latest) ? latest : undefined
  if (open?.state === 'windowOpen' && open.migrationSetId === set.id) {
    return options.phase === 'all'
      ? await complete(remote, target)
      : await toOutcome(remote, { ...open, problem: null })
  }
  if (open?.state === 'windowOpen') {
    await closePrevious(remote, target, open, options)
  }
  const isSame = open !== undefined && open.state !== 'windowOpen' && open.migrationSetId === set.id
  if (isSame) {
    target.onFact({ kind: 'note', text: `goes on with the run ${open.id} of ${open.createdAt}` })
  }
  const run = isSame ? await resume(remote, open) : await start(remote, set.id, options.phase)
  return await toOutcome(remote, await followToItsEnd(remote, approver, run, target))
}

const ended: readonly Run['state'][] = ['completed', 'undone', 'failed', 'rejected', 'cancelled']

const isOpen = ({ state }: Run): boolean => !ended.includes(state)

async function start({ client, service, database }: RemoteDatabase, migrationSetId: string, phase: 'expand' | 'all') {
  const params = { serviceId: service, databaseId: database.id }
  return await client.startRun({ params, body: { migrationSetId, phase } })
}

async function resume({ client, service }: RemoteDatabase, run: Run): Promise<Run> {
  return run.state === 'paused' ? await client.resumeRun({ params: { serviceId: service, runId: run.id } }) : run
}

async function closePrevious(remote: RemoteDatabase, target: Target, open: Run, options: DeployOptions): Promise<void> {
  if (!options.completePrevious) {
    const ids = open.applied.join(', ')
    throw new Problem(problems.windowOpen, `the window of ${ids} is still open, so that nothing new is begun`)
  }
  await complete(remote, target)
}

async function followToItsEnd(remote: RemoteDatabase, approver: Approver, run: Run, target: Target): Promise<Run> {
  let current = await followRun(remote, run, target)
  while (current.state === 'awaitingApproval') {
    await approve(remote, current, approver, target.signal)
    current = await followRun(remote, current, target, current.factsCount)
  }
  return current
}

async function complete(remote: RemoteDatabase, target: Target): Promise<DeployOutcome> {
  const run = await findLatestRun(remote)
  if (run === undefined || !isOpen(run)) {
    return { outcome: 'nothingPending', applied: [], plan: null, run: null, warnings: [] }
  }
  const params = { serviceId: remote.service, runId: run.id }
  // One that contracts already is followed.
  const asked = ['contractQueued', 'contracting'].includes(run.state)
    ? run
    : await remote.client.completeRun({ params })
  const last = await followRun(remote, asked, target, run.factsCount)
  if (last.state === 'windowOpen') {
    throw toRunProblem(last)
  }
  return await toOutcome(remote, last)
}

async function undo(remote: RemoteDatabase, target: Target, options: UndoOptions): Promise<UndoOutcome> {
  refuseMaxLock(options.maxLockMs)
  if (options.dryRun || options.to !== undefined) {
    throw new Problem(
      cliProblems.wrongUse,
      'on a platform the last run is taken back as a whole: leave --to and --dry-run out',
    )
  }
  const run = await findLatestRun(remote)
  if (run === undefined || run.state === 'undone') {
    throw new Problem(
      problems.nothingToUndo,
      'no run has its window open, was cut off, or ended without a contract phase',
    )
  }
  const params = { serviceId: remote.service, runId: run.id }
  const asked = run.state === 'undoing' ? run : await remote.client.undoRun({ params })
  const last = await followRun(remote, asked, target, run.factsCount)
  if (last.state !== 'undone') {
    throw toRunProblem(last)
  }
  return { outcome: 'undone', migrations: run.applied, steps: [] }
}
