import type { DeployOutcome, DriftOutcome, RunSummary, StatusOutcome, UndoOutcome } from '@freehold/migrations/engine'
import type { TextOptions } from './plan-text.ts'
import { countOf, formatDuration } from './quantities.ts'
import { labelled, oneLine, printable, wrap } from './text.ts'

/** Renders warnings, each with its own label. */
export function renderWarnings(warnings: string[], options: TextOptions): string[] {
  return warnings.flatMap((warning) =>
    labelled('warning', warning, { indent: 0, label: 9, width: options.width }).map(options.paint.yellow),
  )
}

/** Renders what deploy or complete did. */
export function renderDeployOutcome(outcome: DeployOutcome, options: TextOptions): string {
  const { paint } = options
  const lines = renderWarnings(outcome.warnings, options)
  switch (outcome.outcome) {
    case 'nothingPending':
      lines.push('Nothing is pending: the database has every migration of the folder.')
      break
    case 'done':
      lines.push(
        paint.green(`Done: ${countOf(outcome.applied.length, 'migration')} applied, nothing left to contract.`),
      )
      break
    case 'windowOpen':
      lines.push(
        paint.green(`Expanded: ${countOf(outcome.applied.length, 'migration')} applied, and the window is open.`),
      )
  }
  lines.push(...outcome.applied.map((id) => `  ${printable(id)}`))
  if (outcome.run !== null) {
    lines.push(...wrap(describeRun(outcome.run), options.width).map(paint.dim))
  }
  if (outcome.outcome === 'windowOpen') {
    const next =
      'Both versions of the application work now. When the old one is gone: freehold migrate complete. To go back: freehold migrate undo.'
    lines.push(...wrap(next, options.width).map(paint.bold))
  }
  return `${lines.join('\n')}\n`
}

/** Says how long callers can have waited for the run at most, and how long it took. */
function describeRun(run: RunSummary): string {
  const parts = [`run ${run.runId}`]
  if (run.steps.total > 0) {
    parts.push(`${run.steps.applied} of ${countOf(run.steps.total, 'step')}`)
  }
  if (run.finishedAt !== null) {
    parts.push(`took ${formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}`)
  }
  if (run.steps.total > 0) {
    parts.push(
      `longest wait for a lock ${formatDuration(run.waitedMsMax)}, longest hold ${formatDuration(run.heldMsMax)}`,
    )
  }
  return parts.join(', ')
}

/** Renders what undo did, or would do. */
export function renderUndoOutcome(outcome: UndoOutcome, options: TextOptions): string {
  const { paint } = options
  const lines: string[] = []
  if (outcome.outcome === 'undone') {
    lines.push(
      paint.green(`Undone: ${countOf(outcome.migrations.length, 'migration')}; schema and rows are as before.`),
    )
    lines.push(...outcome.migrations.map((id) => `  ${printable(id)}`))
    return `${lines.join('\n')}\n`
  }
  lines.push(paint.bold(`Undo would take back ${countOf(outcome.migrations.length, 'migration')}, nothing was run:`))
  lines.push(...outcome.migrations.map((id) => `  ${printable(id)}`))
  for (const step of outcome.steps) {
    const sql = step.sql.length === 0 ? '(nothing to run)' : oneLine(step.sql.join('; '), options.width - 18)
    lines.push(`  ${step.stepId.padEnd(5)} ${step.phase.padEnd(8)} ${sql}`)
  }
  return `${lines.join('\n')}\n`
}

const states: Record<StatusOutcome['migrations'][number]['state'], string> = {
  applied: 'applied',
  pending: 'pending',
  failed: 'failed',
  started: 'started',
  missing: 'applied, but not in the folder',
  edited: 'applied, but edited since',
  rolledBack: 'rolled back',
}

/** Renders how the database stands to the folder, and the window that is open. */
export function renderStatus(outcome: StatusOutcome, options: TextOptions): string {
  const { paint } = options
  const applied = outcome.migrations.filter((migration) => migration.state === 'applied')
  const others = outcome.migrations.filter((migration) => migration.state !== 'applied')
  const lines = renderWarnings(outcome.warnings, options)
  lines.push(paint.bold(`${countOf(applied.length, 'migration')} applied, ${others.filter(isPending).length} pending.`))
  for (const migration of others) {
    const paintState = isPending(migration) ? paint.cyan : paint.yellow
    lines.push(`  ${printable(migration.id)}  ${paintState(states[migration.state])}`)
  }
  if (outcome.openRun === null) {
    lines.push('No window is open.')
  } else {
    lines.push(...renderOpenRun(outcome.openRun, options))
  }
  return `${lines.join('\n')}\n`
}

function isPending(migration: StatusOutcome['migrations'][number]): boolean {
  return migration.state === 'pending'
}

const runStates: Record<RunSummary['state'], string> = {
  running: 'under way, or cut off',
  windowOpen: 'window open',
  contracting: 'contracting, or cut off while it did',
  done: 'done',
  undoing: 'being undone, or cut off while it was',
  undone: 'undone',
  failed: 'failed and taken back',
}

const nextOf: Partial<Record<RunSummary['state'], string>> = {
  running: 'If no runner is at work: freehold migrate deploy goes on, freehold migrate undo goes back.',
  windowOpen: 'When the old version is gone: freehold migrate complete. To go back: freehold migrate undo.',
  contracting: 'If no runner is at work: freehold migrate complete goes on.',
  undoing: 'If no runner is at work: freehold migrate undo goes on.',
}

function renderOpenRun(run: NonNullable<StatusOutcome['openRun']>, options: TextOptions): string[] {
  const lines = [
    options.paint.yellow(
      `Run ${run.runId}: ${runStates[run.state]}, ${run.steps.applied} of ${run.steps.total} steps.`,
    ),
    `  since ${run.startedAt}: ${printable(run.migrations.join(', '))}`,
  ]
  for (const step of run.remaining) {
    const label = `${step.stepId.padEnd(5)} ${step.phase}`
    lines.push(...labelled(label, step.reason, { indent: 2, label: 16, width: options.width }))
  }
  const next = nextOf[run.state]
  return next === undefined ? lines : [...lines, ...wrap(next, options.width).map(options.paint.bold)]
}

/** Renders the runs of the journal, as they come. */
export function renderHistory(runs: RunSummary[], options: TextOptions): string {
  if (runs.length === 0) {
    return 'No run is recorded in this database.\n'
  }
  const lines = runs.flatMap((run) => {
    const rendered = [
      options.paint.bold(`${run.startedAt}  ${runStates[run.state]}`),
      ...labelled('', describeRun(run), { indent: 2, label: 0, width: options.width }).map(options.paint.dim),
      ...run.migrations.map((id) => `  ${printable(id)}`),
    ]
    if (run.error !== null) {
      const state = run.error.sqlstate === null ? '' : `${run.error.sqlstate} `
      const text = `${state}${run.error.message}`
      rendered.push(...labelled('', text, { indent: 2, label: 0, width: options.width }).map(options.paint.red))
    }
    return rendered
  })
  return `${lines.join('\n')}\n`
}

/** Renders where the live schema has left what the last run ended in. */
export function renderDrift(outcome: DriftOutcome, options: TextOptions): string {
  if (outcome.differences === null) {
    return 'No run is recorded in this database, so there is nothing to compare its schema with.\n'
  }
  if (outcome.differences.length === 0) {
    return `${options.paint.green('No drift: the schema is as the last run left it.')}\n`
  }
  const lines = [
    options.paint.yellow(`Drift: ${countOf(outcome.differences.length, 'difference')} to what the last run left.`),
  ]
  for (const { object, what, expected, found } of outcome.differences) {
    lines.push(`  ${printable(object)}: ${printable(what)}`)
    lines.push(...labelled('expected', expected ?? 'nothing', { indent: 4, label: 10, width: options.width }))
    lines.push(...labelled('found', found ?? 'nothing', { indent: 4, label: 10, width: options.width }))
  }
  return `${lines.join('\n')}\n`
}
