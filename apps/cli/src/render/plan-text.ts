import type { Plan, PlannedStatement, Refusal } from '@freehold/migrations/engine'
import { describePlain } from './locks.ts'
import {
  describeEstimate,
  describeInstead,
  describeNext,
  describeProof,
  describeRefusal,
  describeSubject,
  headlineOf,
  remedyOf,
} from './plan-words.ts'
import { labelled, oneLine, type Paint, printable, wrap } from './text.ts'

/** What a rendering needs to know beside its document. */
export interface TextOptions {
  paint: Paint
  width: number
  /** The schema whose names are shown bare. */
  schema: string
}

const phases = ['expand', 'backfill', 'contract'] as const

/** Renders the plan for a person: each statement as written beside what is done instead, then steps, proof, refusals. */
export function renderPlanText(plan: Plan, warnings: string[], options: TextOptions): string {
  const { paint, width } = options
  const lines = [paint.bold(`Plan: ${describeSubject(plan)}`), '']
  if (plan.mode === 'asWritten') {
    const reason =
      'No table of yours exists in this database, so nobody can wait: the files run as they stand, neither rehearsed nor proven.'
    lines.push(...wrap(reason, width), ...plan.migrations.map((migration) => `  ${printable(migration.id)}`), '')
  } else {
    lines.push(...renderStatements(plan, options), ...renderSteps(plan, options))
  }
  for (const { id, reason } of plan.postponed) {
    lines.push(...labelled('later', `${id}: ${reason}`, { indent: 0, label: 9, width }).map(paint.yellow), '')
  }
  for (const warning of new Set([...warnings, ...plan.warnings])) {
    lines.push(...labelled('warning', warning, { indent: 0, label: 9, width }).map(paint.yellow))
  }
  if (warnings.length + plan.warnings.length > 0) {
    lines.push('')
  }
  for (const refusal of plan.refusals) {
    lines.push(...renderRefusal(refusal, options), '')
  }
  const proof = describeProof(plan).flatMap((line) => wrap(line, width))
  if (proof.length > 0) {
    lines.push(...proof.map(plan.proof === null ? paint.dim : paint.green), '')
  }
  lines.push(...wrap(describeNext(plan), width).map(paint.bold))
  return `${lines.join('\n')}\n`
}

function renderStatements(plan: Plan, options: TextOptions): string[] {
  const lines: string[] = []
  let migrationId: string | undefined
  for (const statement of plan.statements) {
    if (statement.migrationId !== migrationId) {
      migrationId = statement.migrationId
      lines.push(options.paint.bold(printable(migrationId)))
    }
    lines.push(...renderStatement(statement, plan, options), '')
  }
  return lines
}

function renderStatement(statement: PlannedStatement, plan: Plan, options: TextOptions): string[] {
  const { paint, width, schema } = options
  const layout = { indent: 6, label: 12, width }
  const number = String(statement.index + 1).padStart(4)
  const { instead, because } = describeInstead(statement, plan)
  // Two lines of a statement are enough to know it by.
  const sql = wrap(oneLine(statement.sql, (width - 6) * 2 - 10), width - 6)
  return [
    ...sql.map((line, index) => paint.cyan(`${index === 0 ? number : '    '}  ${line}`)),
    ...labelled('as written', describePlain(statement, schema), layout).map(paint.dim),
    ...labelled('instead', instead, layout),
    ...(because === null ? [] : labelled('because', because, layout).map(paint.dim)),
  ]
}

function renderSteps(plan: Plan, options: TextOptions): string[] {
  const { paint, width } = options
  const lines: string[] = []
  for (const phase of phases) {
    const steps = plan.steps.filter((step) => step.phase === phase)
    if (steps.length > 0) {
      lines.push(paint.bold(phase))
    }
    for (const step of steps) {
      const full = describeEstimate(step.estimate)
      // On a narrow terminal the statement matters more than the disk it takes.
      const estimate = width - full.length < 60 ? (full.split(', ')[0] ?? '') : full
      const head = `  ${step.id.padEnd(5)} ${step.mechanism.padEnd(10)} `
      const room = width - head.length - (estimate === '' ? 0 : estimate.length + 2)
      const line = `${head}${oneLine(headlineOf(step), Math.max(room, 24))}`
      lines.push(estimate === '' ? line : `${line.padEnd(width - estimate.length)}${paint.dim(estimate)}`)
    }
  }
  return lines.length === 0 ? [] : [...lines, '']
}

function renderRefusal(refusal: Refusal, options: TextOptions): string[] {
  const { paint, width } = options
  const layout = { indent: 2, label: 9, width }
  const place = `${refusal.migrationId}, statement ${refusal.index + 1}, line ${refusal.line}`
  return [
    paint.red(paint.bold(`refused  ${printable(place)}`)),
    ...labelled('sql', oneLine(refusal.sql, (width - 11) * 2 - 10), layout).map(paint.cyan),
    ...labelled('reason', describeRefusal(refusal), layout),
    ...labelled('to do', remedyOf(refusal), layout),
  ]
}
