/** Statements that change the catalog alone: as written, under the lock etiquette. */
import { inTransaction, lockOn } from '../actions.ts'
import type { Draft, DraftRefusal, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import { isHeavy, seenOnLiveTables, strongLocks } from '../seen.ts'
import { isOpaque } from '../statement-kinds.ts'
import type { RelationLock, TransactionAction } from '../step.ts'
import { repeatableSql } from '../tolerate-leftovers.ts'
import { undoOf } from './brief-undo.ts'

export const brief: Mechanism = {
  name: 'brief',
  applies: (unit, context) => !isHeavy(seenOnLiveTables(unit, context)),
  steps(unit, context): Draft[] | DraftRefusal {
    const { before, undo } = undoOf(unit, context)
    const draft: Draft = {
      phase: unit.phase,
      mechanism: 'brief',
      reason: reasonOf(unit),
      do: doOf(unit, context),
      undo,
      place: 'inOrder',
      cost: 'catalog',
    }
    return [...before, draft]
  },
}

function doOf(unit: PlanningUnit, context: PlanContext): TransactionAction {
  const { observation } = unit
  // An enum value that was added stays when the run is taken back, so that adding it again must not fail.
  const sql = repeatableSql(unit.unit.node) ?? unit.unit.sql
  const locks = strongLocks(observation.locks)
  if (!isOpaque(unit.unit.node)) {
    // Without a strong lock on anything that exists nobody waits, so it may take as long as it takes.
    const action = inTransaction([sql], locks, unit.settings)
    return locks.length === 0 ? { ...action, patience: 'patient' } : action
  }
  return {
    ...inTransaction([sql], [], unit.settings),
    patience: locks.length === 0 ? 'patient' : 'bounded',
    within: {
      locks: [...observation.locks, ...ownRelations(context)],
      rewrites: observation.rewrites.map((name) => `${name.schema}.${name.name}`),
    },
  }
}

/** What the plan itself makes, nobody waits for. */
function ownRelations(context: PlanContext): RelationLock[] {
  const made = context.units.flatMap(({ observation }) => observation.createdRelations)
  return made.map((name) => lockOn(name))
}

function reasonOf(unit: PlanningUnit): string {
  const locks = strongLocks(unit.observation.locks)
  if (locks.length === 0) {
    return 'touches nothing that anybody waits for'
  }
  const names = locks.map((lock) => lock.name).join(', ')
  return `a change of the catalog alone: the lock on ${names} is held for milliseconds, and waited for in short tries`
}
