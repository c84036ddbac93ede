/**
 * Writes the SQL of a plan's twins: the plan's steps are run on a copy of the shadow in their order, and where a twin's
 * turn comes its statements are tried there, so that the twin becomes exactly what they make of the table as it is then.
 */
import type { Catalog, Relation } from '../inspect/catalog.ts'
import { findRelation } from '../inspect/find-relation.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Step, TwinAction } from '../plan/step.ts'
import { TwinRefusal } from '../plan/twin/twin-refusal.ts'
import { type TwinScripts, twinScripts } from '../plan/twin/twin-script.ts'
import type { Shadow } from '../rehearse/shadow.ts'
import { executePlainly, StepError } from '../run/execute-plainly.ts'
import { runScript, settingsSql } from '../run/transaction-script.ts'
import type { ProofDifference } from './prove-plan.ts'

export type ResolvedTwins =
  | { outcome: 'resolved'; steps: Step[]; warnings: string[] }
  | { outcome: 'refused'; step: Step; reason: string }
  | ProofDifference

/** Returns the steps with the SQL of every twin; `live` knows what a shadow has not, such as tablespaces. */
export async function resolveTwins(steps: Step[], shadow: Shadow, live: Catalog): Promise<ResolvedTwins> {
  const last = steps.findLastIndex((step) => step.do.kind === 'twin')
  if (last < 0) {
    return { outcome: 'resolved', steps, warnings: [] }
  }
  const copy = await shadow.createCopy()
  try {
    const resolved: Step[] = []
    const warnings: string[] = []
    for (const step of steps.slice(0, last + 1)) {
      let next = step
      if (step.do.kind === 'twin') {
        if (!shadow.hasLiveRoles) {
          const reason = 'the shadow server lends no superuser, so that owners and rights of a twin could not be tried'
          return { outcome: 'refused', step, reason }
        }
        const scripts = await resolveTwin(copy.client, step, step.do, live)
        warnings.push(...scripts.warnings)
        next = withScripts(step, step.do, scripts)
      }
      await executePlainly(copy.client, [next], 'do')
      resolved.push(next)
    }
    return { outcome: 'resolved', steps: [...resolved, ...steps.slice(last + 1)], warnings: [...new Set(warnings)] }
  } catch (error) {
    if (error instanceof RefusedStep) {
      return { outcome: 'refused', step: error.step, reason: error.message }
    }
    if (error instanceof StepError) {
      const { stepId, sqlstate, message } = error
      return { outcome: 'different', where: 'expand', stepId, sqlstate, message, differences: [] }
    }
    throw error
  } finally {
    await copy.drop()
  }
}

class RefusedStep extends Error {
  readonly step: Step
  constructor(step: Step, cause: TwinRefusal) {
    super(cause.message, { cause })
    this.name = 'RefusedStep'
    this.step = step
  }
}

async function resolveTwin(
  client: Parameters<typeof readCatalog>[0],
  step: Step,
  action: TwinAction,
  live: Catalog,
): Promise<TwinScripts> {
  const table = { schema: action.schema, name: action.table }
  const before = withPlaces(await readCatalog(client), live)
  try {
    await runScript(client, ['BEGIN', ...settingsSql(action.settings), ...action.statements])
    const after = withPlaces(await readCatalog(client, { insideTransaction: true }), live)
    const seed = `${step.migrationId} ${Math.max(...step.statements)}`
    return twinScripts({ table, statements: action.statements, before, after, seed })
  } catch (error) {
    if (error instanceof TwinRefusal) {
      throw new RefusedStep(step, error)
    }
    throw error
  } finally {
    await client.query('ROLLBACK')
  }
}

function withScripts(step: Step, action: TwinAction, scripts: TwinScripts): Step {
  return { ...step, do: { ...action, script: scripts.do }, undo: { ...action, script: scripts.undo } }
}

/** A shadow has no tablespaces: what is there stays where it is. */
function withPlaces(catalog: Catalog, live: Catalog): Catalog {
  const place = (relation: Relation): Relation => {
    const there = findRelation(live, relation)
    return there === undefined
      ? relation
      : {
          ...relation,
          tablespace: relation.tablespace ?? there.tablespace,
          indexes: relation.indexes.map((index) => ({
            ...index,
            tablespace: index.tablespace ?? there.indexes.find(({ name }) => name === index.name)?.tablespace ?? null,
          })),
        }
  }
  return { ...catalog, relations: catalog.relations.map(place) }
}
