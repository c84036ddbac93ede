/**
 * Writes the SQL of a plan's twins: the plan's steps are run on a copy of the shadow in their order, and where a twin's
 * turn comes its statements are tried there, so that the twin becomes exactly what they make of the table as it is then.
 */
import { type Client, sqlstateOf } from '@freehold/postgres'
import type { Catalog, Owned, Relation } from '../inspect/catalog.ts'
import { findRelation } from '../inspect/find-relation.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Step, TwinAction } from '../plan/step.ts'
import { TwinRefusal } from '../plan/twin/twin-refusal.ts'
import { type TwinScripts, twinScripts } from '../plan/twin/twin-script.ts'
import { ownRights } from '../rehearse/adapt-catalog.ts'
import type { Shadow } from '../rehearse/shadow.ts'
import { executePlainly, StepError } from '../run/execute-plainly.ts'
import { toStepError } from '../run/step-error.ts'
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
        const scripts = await resolveTwin(copy.client, step, step.do, { live, hasLiveRoles: shadow.hasLiveRoles })
        warnings.push(...scripts.warnings)
        next = withScripts(step, step.do, scripts)
      }
      await executePlainly(copy.client, [next], 'do').catch((error: unknown) => {
        throw next.do.kind === 'twin' ? explain(error, next) : error
      })
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

/** Where policies hold for the owner too, its sessions are told so instead of getting a part of the rows. */
function explain(error: unknown, step: Step): unknown {
  return error instanceof StepError && error.sqlstate === '42501' && /row-level security/.test(error.message)
    ? new RefusedStep(
        step,
        new TwinRefusal(
          'row security is forced on the table for its owner too, so that its rows cannot all be copied: run it as a role with BYPASSRLS',
        ),
      )
    : error
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
  client: Client,
  step: Step,
  action: TwinAction,
  { live, hasLiveRoles }: { live: Catalog; hasLiveRoles: boolean },
): Promise<TwinScripts> {
  const table = { schema: action.schema, name: action.table }
  const placed = (catalog: Catalog): Catalog => {
    const withTablespaces = withPlaces(catalog, live)
    return hasLiveRoles ? withTablespaces : withRoles(withTablespaces, live)
  }
  const before = placed(await readCatalog(client))
  try {
    await runScript(client, ['BEGIN', ...settingsSql(action.settings), ...action.statements])
    const after = placed(await readCatalog(client, { insideTransaction: true }))
    const seed = `${step.migrationId} ${Math.max(...step.statements)}`
    return twinScripts({ table, statements: action.statements, before, after, seed, hasLiveRoles })
  } catch (error) {
    if (error instanceof TwinRefusal) {
      throw new RefusedStep(step, error)
    }
    throw sqlstateOf(error) === undefined ? error : toStepError(step.id, error)
  } finally {
    await client.query('ROLLBACK')
  }
}

function withScripts(step: Step, action: TwinAction, scripts: TwinScripts): Step {
  const undo: Step['undo'] =
    typeof scripts.undo === 'string'
      ? { kind: 'none', reason: scripts.undo, stays: true }
      : { ...action, script: scripts.undo }
  return { ...step, do: { ...action, script: scripts.do }, undo }
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

/** Gives what is there its live owner and rights; what is new belongs to the role that makes it. */
function withRoles(catalog: Catalog, live: Catalog): Catalog {
  const own = live.currentUser
  const take = <T extends Owned & { schema: string; name: string }>(object: T, there: Owned | undefined): T => {
    return there === undefined
      ? { ...object, owner: own, acl: ownRights(object, own) }
      : { ...object, owner: there.owner, acl: there.acl }
  }
  const relations = catalog.relations.map((relation) => {
    const there = findRelation(live, relation)
    return {
      ...take(relation, there),
      columns: relation.columns.map((column) => ({
        ...column,
        acl: there?.columns.find(({ name }) => name === column.name)?.acl ?? [],
      })),
      statistics: relation.statistics.map((one) => ({
        ...one,
        owner: there?.statistics.find(({ name }) => name === one.name)?.owner ?? own,
      })),
    }
  })
  return {
    ...catalog,
    currentUser: own,
    relations,
    sequences: catalog.sequences.map((one) =>
      take(
        one,
        live.sequences.find(({ schema, name }) => schema === one.schema && name === one.name),
      ),
    ),
    functions: catalog.functions.map((one) =>
      take(
        one,
        live.functions.find(
          ({ schema, name, identityArguments }) =>
            schema === one.schema && name === one.name && identityArguments === one.identityArguments,
        ),
      ),
    ),
    others: live.others,
  }
}
