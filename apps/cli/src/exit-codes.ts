import { Problem } from '@freehold/migrations/problem'

/** The exit codes, which scripts depend on. */
export const exitCodes = {
  done: 0,
  /** Refused, or failed and taken back. */
  refused: 1,
  wrongUse: 2,
  /** A window is open or drift was found; only with --exit-code. */
  found: 3,
  /** Stopped or cut off with steps done. */
  stopped: 4,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const codesByKind = {
  usage: exitCodes.wrongUse,
  refused: exitCodes.refused,
  stopped: exitCodes.stopped,
} as const

/** Returns the exit code that the error ends the process with; an error that is no Problem is a bug. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Problem ? codesByKind[error.definition.kind] : exitCodes.refused
}
