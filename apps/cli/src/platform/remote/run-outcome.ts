import { ContractProblem } from '@freehold/contracts-base'
import type { Run } from '@freehold/contracts-migrations'
import type { DeployOutcome, RunSummary } from '@freehold/migrations/engine'
import { Problem, type ProblemDefinition, problems } from '@freehold/migrations/problem'
import { platformProblems } from '../platform-problems.ts'
import type { RemoteDatabase } from './remote-database.ts'

const definitions: readonly ProblemDefinition[] = Object.values(problems)

/** Returns the Problem that a run on the platform ended with, with the exit code that it has without a platform. */
export function toRunProblem(run: Run): Problem {
  const { problem } = run
  if (problem === null) {
    const definition = run.state === 'paused' ? platformProblems.runPaused : platformProblems.runEnded
    return new Problem(definition, `the run ${run.id} is ${run.state}`)
  }
  const known = definitions.find(({ code }) => code === problem.code)
  const kind = run.state === 'paused' ? 'stopped' : (known?.kind ?? 'refused')
  return new Problem({ code: problem.code, kind, hint: problem.hint ?? known?.hint ?? '' }, problem.detail, {
    sqlstate: problem.sqlstate ?? undefined,
    migrationId: problem.migrationId ?? undefined,
    lines: problem.lines,
  })
}

/** Returns how a run ended that rests; throws its Problem where it did not end well. */
export async function toOutcome(remote: RemoteDatabase, run: Run): Promise<DeployOutcome> {
  if (run.problem !== null || (run.state !== 'completed' && run.state !== 'windowOpen')) {
    throw toRunProblem(run)
  }
  const { applied } = run
  if (applied.length === 0) {
    return { outcome: 'nothingPending', applied: [], plan: null, run: null, warnings: [] }
  }
  return {
    outcome: run.state === 'windowOpen' ? 'windowOpen' : 'done',
    applied,
    plan: null,
    run: await findSummary(remote, applied),
    warnings: [],
  }
}

/** Returns the runs that the database itself has seen. */
export async function readHistory({ client, service, database }: RemoteDatabase): Promise<RunSummary[]> {
  const { items } = await client.getHistory({ params: { serviceId: service, databaseId: database.id } })
  return items as RunSummary[]
}

async function findSummary(remote: RemoteDatabase, applied: string[]): Promise<RunSummary | null> {
  try {
    const [latest] = await readHistory(remote)
    return latest !== undefined && latest.migrations.join() === applied.join() ? latest : null
  } catch (error) {
    if (error instanceof ContractProblem) {
      // The run has ended well; how long its steps took is not worth failing for.
      return null
    }
    throw error
  }
}
