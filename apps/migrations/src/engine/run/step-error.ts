import { sqlstateOf } from '@freehold/postgres'

/** A step that Postgres refused, with the SQLSTATE that the plain statement would have given. */
export class StepError extends Error {
  readonly stepId: string
  readonly sqlstate: string | null
  /** Lines for people, such as rows at fault. */
  readonly lines: string[]
  constructor(
    stepId: string,
    message: string,
    options: { sqlstate?: string | null; lines?: string[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'StepError'
    this.stepId = stepId
    this.sqlstate = options.sqlstate ?? null
    this.lines = options.lines ?? []
  }
}

/** Returns the step's error for what a statement threw; SQLSTATEs that mean something else to the user are exchanged. */
export function toStepError(stepId: string, error: unknown, sqlstates: [string, string][] = []): StepError {
  if (error instanceof StepError) {
    return error
  }
  const seen = sqlstateOf(error)
  const plain = sqlstates.find(([from]) => from === seen)?.[1] ?? seen ?? null
  const { detail } = error as { detail?: unknown }
  const message = error instanceof Error ? error.message : String(error)
  return new StepError(stepId, message, {
    sqlstate: plain,
    lines: typeof detail === 'string' ? [detail] : [],
    cause: error,
  })
}
