import type { WorkProblem } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { Problem as EngineProblem, problems } from '#engine/index.ts'

/** What went wrong with an attempt: for people, and for the decision about what comes next. */
export interface Fault {
  problem: WorkProblem
  /** It may be gone at the next attempt. */
  isPassing: boolean
  /** The engine ended because it was told to. */
  isStop: boolean
}

const passingCodes: readonly string[] = [
  problems.connectionFailed.code,
  problems.connectionLost.code,
  problems.anotherRunner.code,
]

/** One reason for all, so that nobody learns from the service what listens where in its network; the log has the cause. */
export const unreachedDetail = 'no session could be opened with the connection of the database; the log has the cause'

/** Returns what is told of an error; of one that nobody expected only that it was. */
export function toFault(error: unknown): Fault {
  if (error instanceof EngineProblem) {
    const { definition, details, message } = error
    const isUnreached = definition.code === problems.connectionFailed.code
    return {
      problem: {
        code: definition.code,
        detail: isUnreached ? unreachedDetail : message,
        hint: details.hint ?? definition.hint,
        sqlstate: isUnreached ? null : (details.sqlstate ?? null),
        migrationId: details.migrationId ?? null,
        lines: details.lines ?? [],
      },
      isPassing: passingCodes.includes(definition.code),
      isStop: definition.code === problems.stopped.code,
    }
  }
  if (error instanceof Problem) {
    const { definition, occurrence, message } = error
    return {
      problem: { ...nothing, code: definition.code, detail: message, hint: occurrence.hint ?? definition.hint },
      isPassing: false,
      isStop: false,
    }
  }
  return {
    problem: {
      ...nothing,
      code: 'FHD_MIGRATIONS_UNEXPECTED',
      detail: 'something went wrong that nobody foresaw',
      hint: 'the log of the worker has the cause',
    },
    isPassing: true,
    isStop: false,
  }
}

const nothing = { sqlstate: null, migrationId: null, lines: [] }
