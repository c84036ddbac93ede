import type { Fact } from '@freehold/migrations/engine'

/** Shows the engine's facts on standard error while it works. */
export interface Progress {
  onFact(fact: Fact): void
  /** Says something of the command line's own among the facts. */
  say(text: string): void
  /** Leaves the output ready for whatever comes next. */
  close(): void
}
