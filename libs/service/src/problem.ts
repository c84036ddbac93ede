import { type ProblemDefinition, type ProblemDetail, type ProblemDocument, problemType } from '@freehold/contracts-base'

/** What is particular about one occurrence of a problem; no secrets, no values of rows. */
export interface ProblemOccurrence {
  detail?: string | undefined
  hint?: string | undefined
  sqlstate?: string | undefined
  errors?: ProblemDetail[] | undefined
  /** Also told by the header Retry-After, in whole seconds. */
  retryAfterMs?: number | undefined
  /** For the log only. */
  cause?: unknown
}

/** A problem that the caller may see. Everything else that is thrown is a bug, and answered with 500 and no detail. */
export class Problem extends Error {
  readonly definition: ProblemDefinition
  readonly occurrence: ProblemOccurrence
  constructor(definition: ProblemDefinition, occurrence: ProblemOccurrence = {}) {
    super(occurrence.detail ?? definition.title, { cause: occurrence.cause })
    this.name = 'Problem'
    this.definition = definition
    this.occurrence = occurrence
  }
}

/** Returns the document that the caller sees. */
export function toProblemDocument({ definition, occurrence }: Problem, requestId?: string): ProblemDocument {
  const { detail, hint, sqlstate, errors, retryAfterMs } = occurrence
  return {
    type: problemType(definition.code),
    title: definition.title,
    status: definition.status,
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { instance: `urn:request:${requestId}` }),
    code: definition.code,
    hint: hint ?? definition.hint,
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  }
}
