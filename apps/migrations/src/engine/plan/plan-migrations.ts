/**
 * Turns what the rehearsal saw into a plan: each unit goes to one mechanism, each draft to a phase and a place. Pure and
 * deterministic: the same input gives the same bytes.
 */
import type { Catalog, RelationSize } from '../inspect/catalog.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import { removePersisted } from '../parse/persist-temporary.ts'
import type { Migration } from '../parse/statement.ts'
import type { RelationName } from '../rehearse/observation.ts'
import type { Rehearsal, RehearsedStatement } from '../rehearse/rehearse-migrations.ts'
import { inTransaction, nothing } from './actions.ts'
import { planBridges } from './bridges/index.ts'
import { draftInPhase } from './bridges/readdress.ts'
import {
  type Draft,
  type DraftRefusal,
  isRefusal,
  type Mechanism,
  type PlanContext,
  type PlanningUnit,
} from './draft.ts'
import { estimatePlainHoldMs } from './estimate.ts'
import { batched } from './mechanisms/batched.ts'
import { brief } from './mechanisms/brief.ts'
import { concurrent } from './mechanisms/concurrent.ts'
import { deferred } from './mechanisms/deferred.ts'
import { twin } from './mechanisms/twin.ts'
import { validated } from './mechanisms/validated.ts'
import { hashOf, laterPhase, orderSteps, type PlacedDraft } from './order-steps.ts'
import { phaseOf } from './phase-of.ts'
import { type Plan, type PlannedStatement, planFormatVersion, type Refusal } from './plan.ts'
import { createContext } from './plan-context.ts'
import { qualifyNames, renamedTo } from './qualify-names.ts'
import { keepOrderOfRemovals } from './removals.ts'
import { isHeavy, seenOnLiveTables, strongLocks } from './seen.ts'
import { searchPathIn, sessionSettings } from './session-settings.ts'
import { isDataStatement, isOpaque } from './statement-kinds.ts'
import type { MechanismName, Phase, Step } from './step.ts'
import { alterCommand } from './syntax.ts'
import { mustFollow, namesOf, type UnitNames } from './unit-conflicts.ts'

export interface PlanInput {
  migrations: Migration[]
  rehearsal: Rehearsal
  catalog: Catalog
  sizes: RelationSize[]
  schema: string
  briefTableBytes: number
  /**
   * `phased`: each statement in the earliest phase that its kind and the names it shares allow. `inOrder`: from the
   * first statement that has to wait for the contract phase on, all wait: for migrations whose order cannot be changed.
   * `unbridged`: renames keep their place in it as well.
   */
  order: 'phased' | 'inOrder' | 'unbridged'
}

/** Mechanisms in the order in which they are asked. */
const mechanisms: Mechanism[] = [twin, batched, deferred, concurrent, validated, brief]

/** Returns the plan, its refusals included; it is not proven yet. */
export function planMigrations(input: PlanInput): Plan {
  const units = toPlanningUnits(input)
  const context = createContext({
    ...input,
    after: input.rehearsal.after,
    units,
    bridged: input.order !== 'unbridged',
    hidesColumns: input.order === 'phased',
  })
  placeUnits(units, context, input.order)
  const bridges = planBridges(units, context)
  const placed: (PlacedDraft & { unit: PlanningUnit })[] = []
  const refusals: Refusal[] = []
  for (const unit of units) {
    if (bridges.carried.has(unit.order)) {
      continue
    }
    const result = carryOut(unit, context)
    if (isRefusal(result)) {
      refusals.push(toRefusal(unit, result, context))
    } else {
      placed.push(
        ...result.map((draft) => ({
          draft,
          migrationId: unit.statement.migrationId,
          statement: unit.statement.index,
          unit,
        })),
      )
    }
  }
  keepOrderOfRemovals(placed, context)
  const all: PlacedDraft[] = [...placed, ...bridges.drafts, ...dropTemporary(input, units)]
  const steps = refusals.length > 0 ? [] : orderSteps(all, context.sizeOf)
  const plan: Omit<Plan, 'contentHash' | 'proof'> = {
    formatVersion: planFormatVersion,
    fingerprint: fingerprintCatalog(input.catalog),
    finalFingerprint: fingerprintCatalog(input.rehearsal.after),
    serverMajor: context.serverMajor,
    mode: 'online',
    migrations: input.migrations.map(({ id, checksum }) => ({ id, checksum })),
    postponed: [],
    statements: describeStatements(input.rehearsal.statements, units, steps, context),
    steps,
    warnings: [
      ...bridges.warnings,
      ...heavyUndos(units, context),
      ...silentTriggers(units, context),
      ...(input.order !== 'phased' ? [inOrderWarning] : []),
    ],
    refusals,
  }
  return { ...plan, contentHash: hashOf(plan), proof: null }
}

/** Says which undo would read or write a table in full under a strong lock. */
function heavyUndos(units: PlanningUnit[], context: PlanContext): string[] {
  return units.flatMap(({ phase, observation: { revert, locks } }) => {
    const isLive = strongLocks(locks).some((lock) => !context.isNew(lock))
    const heavy = phase === 'contract' || !isLive ? [] : (revert?.heavy ?? [])
    return heavy.map((what) => `undo would hold its lock for long: ${what}`)
  })
}

/** As written, writers wait while a trigger is off; here they go on, without it. */
function silentTriggers(units: PlanningUnit[], context: PlanContext): string[] {
  return units.flatMap(({ unit, phase }) => {
    const alter = alterCommand(unit.node)
    const table = context.resolve(alter?.relation ?? {})
    return alter?.command.subtype?.startsWith('AT_DisableTrig') === true && !context.isNew(table)
      ? [
          `from the ${phase} phase until it is enabled again, ${alter.command.name ?? 'each trigger'} of ${table.name} does not fire for the application’s writes either`,
        ]
      : []
  })
}

const inOrderWarning =
  'these statements cannot be reordered: what stands behind the first that waits for the contract phase waits too, so start the new version only after freehold migrate complete'

function toPlanningUnits(input: PlanInput): PlanningUnit[] {
  const units: PlanningUnit[] = []
  const settings = sessionSettings()
  const known = new Set(
    input.catalog.relations.flatMap(({ schema, name, indexes }) => [
      keyOf({ schema, name }),
      ...indexes.map((index) => keyOf({ schema, name: index.name })),
    ]),
  )
  for (const sequence of input.catalog.sequences) {
    known.add(keyOf(sequence))
  }
  for (const { statement, units: parts } of input.rehearsal.statements) {
    if (settings.absorb(statement)) {
      continue
    }
    for (const { unit, observation } of parts) {
      const inForce = settings.inForce()
      const path = searchPathIn(inForce)
      units.push({
        order: units.length,
        statement,
        unit:
          path === undefined
            ? unit
            : { ...unit, node: qualifyNames(unit.node, path, (name) => known.has(keyOf(name))) },
        observation,
        floor: 'expand',
        phase: 'expand',
        settings: inForce,
      })
      for (const name of [...observation.createdRelations, ...observation.createdIndexes]) {
        known.add(keyOf(name))
      }
      for (const name of renamedTo(units.at(-1)?.unit.node)) {
        known.add(keyOf(name))
      }
    }
  }
  return units
}

/** Gives each unit its phase: what its kind allows, or later where it must follow a unit that is later. */
function placeUnits(units: PlanningUnit[], context: PlanContext, order: PlanInput['order']): void {
  const before: { names: UnitNames; phase: Phase }[] = []
  for (const unit of units) {
    const names = namesOf(unit.unit.node)
    for (const earlier of before) {
      if (earlier.phase !== 'expand' && (order !== 'phased' || mustFollow(names, earlier.names, earlier.phase))) {
        unit.floor = laterPhase(unit.floor, earlier.phase)
      }
    }
    const wanted = unit.statement.directives.phase ?? phaseOf(unit, context)
    unit.phase = laterPhase(wanted, unit.floor)
    before.push({ names, phase: unit.phase })
  }
}

function carryOut(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal {
  const reason = unit.statement.directives.allowBlocking
  const seen = seenOnLiveTables(unit, context)
  if (reason !== undefined && isHeavy(seen)) {
    return [draftInPhase(allowedToBlock(unit, reason, context), unit, context)]
  }
  const mechanism = mechanisms.find((one) => one.applies(unit, context))
  if (mechanism !== undefined) {
    const result = mechanism.steps(unit, context)
    // What is deferred says itself which names hold by then.
    return isRefusal(result) || mechanism === deferred
      ? result
      : result.map((draft) => draftInPhase(draft, unit, context))
  }
  const table = seen.rewrites[0] ?? seen.builds[0] ?? seen.scans[0]
  const what = seen.rewrites.length > 0 ? 'rewrites' : seen.builds.length > 0 ? 'rebuilds indexes of' : 'reads all of'
  const locks = strongLocks(unit.observation.locks).map((lock) => `${lock.mode} on ${lock.name}`)
  const needs = isOpaque(unit.unit.node)
    ? 'code that does more than change the catalog is not taken apart: write its statements out'
    : 'no way is known that keeps nobody waiting'
  const refusal: DraftRefusal = {
    why: isOpaque(unit.unit.node) ? 'rule' : 'twin',
    reason: `${what} ${table?.name ?? 'a table'} under ${locks.join(', ') || 'a lock'}: ${needs}`,
  }
  return table === undefined ? refusal : { ...refusal, table }
}

function allowedToBlock(unit: PlanningUnit, reason: string, context: PlanContext): Draft {
  const seen = seenOnLiveTables(unit, context)
  const table = seen.rewrites[0] ?? seen.builds[0] ?? seen.scans[0]
  const bytes = (table === undefined ? undefined : context.sizeOf(table))?.heapBytes ?? 0
  return {
    ...(table === undefined ? {} : { table }),
    holdMs: estimatePlainHoldMs(flags(unit, context), bytes),
    phase: unit.phase,
    mechanism: 'brief',
    reason: `blocks as long as it takes, which is allowed: ${reason}`,
    do: { ...inTransaction([unit.unit.sql], strongLocks(unit.observation.locks), unit.settings), patience: 'allowed' },
    undo: { kind: 'none', reason: 'it ran as written; taking it back would block again', stays: true },
    place: 'inOrder',
    cost: 'copy',
  }
}

/** What stood in for temporary tables goes with the last statement. */
function dropTemporary(input: PlanInput, units: PlanningUnit[]): PlacedDraft[] {
  const drops = removePersisted(input.rehearsal.statements.map(({ statement }) => statement))
  const last = units.at(-1)
  if (drops.length === 0 || last === undefined) {
    return []
  }
  const phase = units.map((unit) => unit.phase).reduce(laterPhase)
  const reason = 'the tables that stood in for temporary ones go'
  const draft: Draft = {
    phase,
    mechanism: 'brief',
    reason,
    do: inTransaction(drops),
    undo: nothing,
    place: 'inOrder',
    cost: 'catalog',
  }
  return [{ draft, migrationId: last.statement.migrationId, statement: last.statement.index }]
}

function toRefusal(unit: PlanningUnit, refusal: DraftRefusal, context: PlanContext): Refusal {
  const size = refusal.table === undefined ? undefined : context.sizeOf(refusal.table)
  const { statement } = unit
  const bytes = size?.heapBytes ?? 0
  const holdMs = estimatePlainHoldMs(flags(unit, context), bytes)
  return {
    migrationId: statement.migrationId,
    index: statement.index,
    line: statement.line,
    sql: statement.sql,
    why: refusal.why,
    sqlstate: refusal.sqlstate ?? null,
    reason: refusal.reason,
    estimate: { holdMs, durationMs: holdMs, walBytes: bytes, diskBytes: bytes },
  }
}

function keyOf({ schema, name }: RelationName): string {
  return `${schema}\0${name}`
}

function flags(unit: PlanningUnit, context: PlanContext): { rewrites: boolean; builds: boolean; scans: boolean } {
  const seen = seenOnLiveTables(unit, context)
  return { rewrites: seen.rewrites.length > 0, builds: seen.builds.length > 0, scans: seen.scans.length > 0 }
}

function describeStatements(
  statements: RehearsedStatement[],
  units: PlanningUnit[],
  steps: Step[],
  context: PlanContext,
): PlannedStatement[] {
  return statements.map(({ statement, observation }) => {
    const mine = steps.filter(
      (step) => step.migrationId === statement.migrationId && step.statements.includes(statement.index),
    )
    const own = units.filter((unit) => unit.statement === statement)
    const seen = own.map((unit) => flags(unit, context))
    const strong = strongLocks(observation.locks)
    const written = isDataStatement(statement.node)
      ? observation.locks.filter((lock) => lock.mode === 'RowExclusiveLock' && context.sizeOf(lock) !== undefined)
      : []
    const locks = [...strong, ...written].map((lock) => {
      const size = context.sizeOf(lock)
      return { ...lock, rows: size?.rowsEstimate ?? 0, bytes: size?.totalBytes ?? 0 }
    })
    const bytes = Math.max(0, ...locks.map((lock) => context.sizeOf(lock)?.heapBytes ?? 0))
    const any = (key: 'rewrites' | 'builds' | 'scans'): boolean => seen.some((one) => one[key])
    const acting = mine.filter((step) => step.do.kind !== 'check')
    const main = acting.find((step) => step.mechanism !== 'brief') ?? acting[0] ?? mine[0]
    return {
      migrationId: statement.migrationId,
      index: statement.index,
      line: statement.line,
      sql: statement.sql,
      plainLocks: locks,
      rewrites: observation.rewrites.map((name) => `${name.schema}.${name.name}`),
      scans: observation.scans.map((name) => `${name.schema}.${name.name}`),
      plainHoldMs:
        strong.length === 0
          ? 0
          : estimatePlainHoldMs({ rewrites: any('rewrites'), builds: any('builds'), scans: any('scans') }, bytes),
      mechanism: (main?.mechanism ?? 'brief') as MechanismName,
      phases: [...new Set(mine.map((step) => step.phase))],
      steps: mine.map((step) => step.id),
      reason: main?.reason ?? 'nothing to do',
    }
  })
}
