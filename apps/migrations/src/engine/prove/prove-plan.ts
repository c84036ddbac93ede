/**
 * Proves a plan on a shadow: its expand and backfill phases and their undo leave schema and rows as they were, and all
 * its phases together end in the schema and the rows of the plain run.
 */
import type { Client } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { compareCatalogs, type Difference } from '../inspect/compare-catalogs.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Statement } from '../parse/statement.ts'
import type { Proof } from '../plan/plan.ts'
import { isDataStatement } from '../plan/statement-kinds.ts'
import type { Step } from '../plan/step.ts'
import type { Shadow } from '../rehearse/shadow.ts'
import { executePlainly, StepError } from '../run/execute-plainly.ts'
import { compareContents, compareWithFingerprint, fingerprintContents } from './compare-contents.ts'
import { readSequencePositions } from './sequence-positions.ts'
import { findVolatileColumns } from './volatile-columns.ts'

export interface ProofOptions {
  shadow: Shadow
  /** The shadow copy on which the rehearsal ran the migrations plainly, from the same rows. */
  plain: Client
  /** The schemas that the plain run started from and ended in. */
  before: Catalog
  after: Catalog
  steps: Step[]
  statements: Statement[]
  /** Makes the plain run's rows, where the shadow's copies do not have them already. */
  seedRows?(client: Client): Promise<void>
}

export type ProofResult = { outcome: 'proven'; proof: Proof } | ProofDifference

export interface ProofDifference {
  outcome: 'different'
  /** `expand`: a step before the window failed; `undo`: not as before; `contract`: not as the plain run. */
  where: 'expand' | 'undo' | 'contract'
  stepId: string | null
  sqlstate: string | null
  message: string
  differences: Difference[]
}

/** Runs the plan's phases, their undo, and the phases again on a copy of the shadow, and compares. */
export async function provePlan(options: ProofOptions): Promise<ProofResult> {
  const copy = await options.shadow.createCopy()
  try {
    await options.seedRows?.(copy.client)
    return await proveOn(copy.client, options)
  } finally {
    await copy.drop()
  }
}

async function proveOn(client: Client, options: ProofOptions): Promise<ProofResult> {
  const untilWindow = options.steps.filter((step) => step.phase !== 'contract')
  const contract = options.steps.filter((step) => step.phase === 'contract')
  const start = await fingerprintContents(client, options.before)
  const positions = await readSequencePositions(client, options.before.sequences)
  const touched = new Map<string, number>()
  const execute = async (steps: Step[], direction: 'do' | 'undo', where: ProofDifference['where']): Promise<void> => {
    try {
      for (const [stepId, rows] of await executePlainly(client, steps, direction)) {
        touched.set(stepId, Math.max(rows, touched.get(stepId) ?? 0))
      }
    } catch (error) {
      throw error instanceof StepError ? new FoundDifference(failed(where, error)) : error
    }
  }
  try {
    let stays: string[] = []
    if (untilWindow.length > 0) {
      await execute(untilWindow, 'do', 'expand')
      await execute(untilWindow, 'undo', 'undo')
      const expected = await stateAfterUndo(untilWindow, options)
      stays = expected.stays
      const undone = await readCatalog(client)
      expectNone(
        'undo',
        'undo does not leave the schema as it was',
        schemaDifferences(expected.catalog, undone, options),
      )
      expectNone(
        'undo',
        'undo does not leave the rows as they were',
        await compareWithFingerprint(client, options.before, start),
      )
      if (positions.length > 0) {
        await client.query(positions.join('; '))
      }
      await execute(untilWindow, 'do', 'expand')
    }
    await execute(contract, 'do', 'contract')
    expectNone(
      'contract',
      'the plan ends in another schema',
      schemaDifferences(options.after, await readCatalog(client), options),
    )
    const volatile = findVolatileColumns(options.statements, options.after)
    const contents = await compareContents(options.plain, client, options.after, {
      volatile,
      nowFrom: options.shadow.startedAt,
    })
    expectNone('contract', 'the plan ends in other rows', contents)
    return { outcome: 'proven', proof: { exercised: exercisedBy(options, touched), stays } }
  } catch (error) {
    if (error instanceof FoundDifference) {
      return error.difference
    }
    throw error
  }
}

/** Ends the proof from wherever it is. */
class FoundDifference extends Error {
  readonly difference: ProofDifference
  constructor(difference: ProofDifference) {
    super(difference.message)
    this.name = 'FoundDifference'
    this.difference = difference
  }
}

function failed(where: ProofDifference['where'], error: StepError): ProofDifference {
  const message = error.message
  return { outcome: 'different', where, stepId: error.stepId, sqlstate: error.sqlstate, message, differences: [] }
}

function expectNone(where: ProofDifference['where'], message: string, differences: Difference[]): void {
  if (differences.length > 0) {
    throw new FoundDifference({ outcome: 'different', where, stepId: null, sqlstate: null, message, differences })
  }
}

function schemaDifferences(expected: Catalog, found: Catalog, { shadow }: ProofOptions): Difference[] {
  return compareCatalogs(expected, found, { ignorePlace: !shadow.hasLiveRoles })
}

/**
 * Returns the schema that undo has to leave behind. What by nature cannot be taken back, such as a value of an enum, is
 * run alone on another copy: exactly what it makes there may stay.
 */
async function stateAfterUndo(steps: Step[], options: ProofOptions): Promise<{ catalog: Catalog; stays: string[] }> {
  const staying = steps.filter(
    (step) =>
      step.undo.kind === 'none' &&
      step.undo.reason !== undefined &&
      step.do.kind !== 'none' &&
      step.do.kind !== 'check',
  )
  if (staying.length === 0) {
    return { catalog: options.before, stays: [] }
  }
  const copy = await options.shadow.createCopy()
  try {
    const stays: string[] = []
    let catalog = options.before
    for (const step of staying) {
      await executePlainly(copy.client, [step], 'do')
      const next = await readCatalog(copy.client)
      const objects = schemaDifferences(catalog, next, options).map((difference) => difference.object)
      const reason = step.undo.kind === 'none' ? step.undo.reason : undefined
      stays.push(`${[...new Set(objects)].join(', ') || step.id}: ${reason}`)
      catalog = next
    }
    return { catalog, stays }
  } catch (error) {
    if (error instanceof StepError) {
      // It stands on other steps of the plan, so nothing of it is excused.
      return { catalog: options.before, stays: [] }
    }
    throw error
  } finally {
    await copy.drop()
  }
}

function exercisedBy(options: ProofOptions, touched: Map<string, number>): Proof['exercised'] {
  return options.statements
    .filter((statement) => isDataStatement(statement.node))
    .map(({ migrationId, index }) => {
      const carriers = options.steps.filter(
        (step) => step.migrationId === migrationId && step.statements.includes(index),
      )
      return { migrationId, index, rows: Math.max(0, ...carriers.map((step) => touched.get(step.id) ?? 0)) }
    })
}
