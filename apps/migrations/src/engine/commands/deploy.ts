import type { Catalog } from '../inspect/catalog.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Migration } from '../parse/statement.ts'
import { hashOf } from '../plan/order-steps.ts'
import type { Plan } from '../plan/plan.ts'
import { Problem, problems } from '../problem.ts'
import { readMigrations } from '../read/read-migrations.ts'
import { type Run, toSummary } from '../run/journal.ts'
import type { Runner } from '../run/runner.ts'
import { explainRights } from './explain-rights.ts'
import { findOldNamesInUse } from './old-names-in-use.ts'
import type { DeployOutcome } from './outcomes.ts'
import { findPending, type PendingMigrations } from './pending.ts'
import { planPending } from './plan-pending.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

export interface DeployOptions {
  /** `expand` ends with the window open; `all` goes on through contract. */
  phase: 'expand' | 'all'
  /** A proven plan made elsewhere; without it one is made now. */
  plan?: Plan
  /** Completes a window that an earlier deploy left open, whoever may still use it. */
  completePrevious: boolean
  maxLockMs: number
}

/** Carries the pending migrations out, going on first with a run that was cut off. */
export async function deploy(target: Target, options: DeployOptions): Promise<DeployOutcome> {
  const source = await readMigrations(target.migrationsFolder)
  return await withRunner(target, options, async (runner) => {
    const open = await runner.findOpenRun()
    const goneOn = open === undefined ? undefined : await goOn(runner, open, options, target)
    const found = await findPending(runner.client, target, source)
    if (found.pending.length === 0) {
      return await withoutPending(runner, goneOn, found.warnings, options)
    }
    if (goneOn?.state === 'windowOpen') {
      await closePrevious(runner, goneOn, options)
    }
    return await carryOut(runner, target, found, options)
  })
}

/** Runs what comes before the window, and leaves it open on the record where the command ends there. */
async function expand(runner: Runner, run: Run, options: DeployOptions): Promise<void> {
  await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
  if (options.phase === 'expand' && run.state === 'windowOpen') {
    await runner.recordWindow(run)
  }
}

/** Runs the contract phase. A window that no command ended with is nobody's to go on using, so a failure takes all back. */
async function contract(runner: Runner, run: Run): Promise<void> {
  await runner.runPhases(run, ['contract'], { takeBack: run.isWindowRecorded ? 'phase' : 'run' })
}

/** Ends what an earlier command began and did not end. Returns the run if it was not taken back. */
async function goOn(runner: Runner, run: Run, options: DeployOptions, target: Target): Promise<Run | undefined> {
  switch (run.state) {
    case 'running':
      target.onFact({ kind: 'note', text: `goes on with the run of ${run.startedAt}, which was cut off` })
      await expand(runner, run, options)
      return run
    case 'contracting':
      target.onFact({
        kind: 'note',
        text: `goes on with the contract phase of the run of ${run.startedAt}, which was cut off`,
      })
      await contract(runner, run)
      return run
    case 'undoing':
      target.onFact({ kind: 'note', text: `ends the undo of the run of ${run.startedAt}, which was cut off` })
      await runner.undoRun(run)
      return undefined
    default:
      return run
  }
}

async function withoutPending(
  runner: Runner,
  run: Run | undefined,
  warnings: string[],
  options: DeployOptions,
): Promise<DeployOutcome> {
  if (run === undefined) {
    return { outcome: 'nothingPending', applied: [], plan: null, run: null, warnings }
  }
  if (run.state === 'windowOpen' && options.phase === 'all') {
    await contract(runner, run)
  } else if (run.state === 'windowOpen' && !run.isWindowRecorded) {
    await runner.recordWindow(run)
  }
  return toOutcome(run, warnings)
}

async function closePrevious(runner: Runner, run: Run, options: DeployOptions): Promise<void> {
  const use = options.completePrevious ? undefined : await findOldNamesInUse(runner.client, run)
  if (use !== undefined && use.outcome !== 'unused') {
    const ids = run.plan.migrations.map(({ id }) => id).join(', ')
    const why =
      use.outcome === 'used' ? 'the old version still runs' : 'whether the old version still runs cannot be seen'
    throw new Problem(
      problems.windowOpen,
      `the window of ${ids} is still open and ${why}, so that nothing new is begun`,
      {
        lines: use.outcome === 'used' ? use.queries.slice(0, 3).map((query) => query.slice(0, 200)) : [],
      },
    )
  }
  await contract(runner, run)
}

async function carryOut(
  runner: Runner,
  target: Target,
  found: PendingMigrations,
  options: DeployOptions,
): Promise<DeployOutcome> {
  const { plan, after } =
    options.plan === undefined
      ? await planPending({ client: runner.client, ...target, applied: found.applied, pending: found.pending })
      : { plan: await checkGivenPlan(runner, options.plan, found.pending), after: null }
  const rights = await explainRights(runner.client, plan.refusals[0])
  if (rights !== undefined) {
    throw rights
  }
  refuse(plan)
  const warnings = [...found.warnings, ...plan.warnings]
  if (plan.mode === 'asWritten') {
    const run = await runner.runAsWritten(plan, found.pending)
    return toOutcome(run, warnings)
  }
  const run = await runner.startRun(plan, after, found.pending)
  await expand(runner, run, options)
  if (options.phase === 'all' && run.state === 'windowOpen') {
    await contract(runner, run)
  }
  return toOutcome(run, warnings)
}

/** Throws the Problem planRefused where the plan holds a refusal. */
export function refuse(plan: Plan): void {
  const [first] = plan.refusals
  if (first === undefined) {
    return
  }
  const lines = plan.refusals.map((refusal) => `${refusal.migrationId}:${refusal.line}  ${refusal.reason}`)
  const more = plan.refusals.length > 1 ? ` and ${plan.refusals.length - 1} more` : ''
  throw new Problem(
    problems.planRefused,
    `a statement of ${first.migrationId}${more} cannot be run: nothing was changed`,
    {
      sqlstate: first.sqlstate ?? undefined,
      migrationId: first.migrationId,
      line: first.line,
      lines,
      refusals: plan.refusals,
    },
  )
}

async function checkGivenPlan(runner: Runner, plan: Plan, pending: Migration[]): Promise<Plan> {
  const { contentHash, proof, ...content } = plan
  if (hashOf(content) !== contentHash) {
    throw new Problem(problems.planInvalid, 'the plan was changed after it was made: its content hash does not fit')
  }
  if (plan.mode === 'online' && proof === null && plan.refusals.length === 0) {
    throw new Problem(problems.planInvalid, 'the plan was not proven')
  }
  const planned = plan.migrations.map(({ id, checksum }) => `${id} ${checksum}`)
  const present = pending.map(({ id, checksum }) => `${id} ${checksum}`)
  const moved = [...planned.filter((one) => !present.includes(one)), ...present.filter((one) => !planned.includes(one))]
  if (moved.length > 0) {
    const ids = [...new Set(moved.map((one) => one.split(' ')[0]))].join(', ')
    throw new Problem(problems.planStale, `the plan is for other pending migrations than those of the folder: ${ids}`)
  }
  const catalog: Catalog = await readCatalog(runner.client)
  if (fingerprintCatalog(catalog) !== plan.fingerprint) {
    throw new Problem(problems.planStale, 'the schema of the database is not the one that the plan was made for')
  }
  return plan
}

function toOutcome(run: Run, warnings: string[]): DeployOutcome {
  return {
    outcome: run.state === 'windowOpen' ? 'windowOpen' : 'done',
    applied: run.plan.migrations.map(({ id }) => id),
    plan: run.plan,
    run: toSummary(run),
    warnings,
  }
}
