import type { Engine, OfflineEngine } from './engine.ts'

/** A stream that text is written to, and what is known of who reads it. */
export interface Output {
  write(text: string): void
  isTerminal: boolean
  /** Width in characters; what a terminal says, else undefined. */
  columns: number | undefined
}

/** Everything the command line takes from its process, so that tests can give it something else. */
export interface Surroundings {
  /** Loads the engine, which is not needed for --help and for wrong use. */
  loadEngine(): Promise<Engine & OfflineEngine>
  stdout: Output
  stderr: Output
  env: Record<string, string | undefined>
  /** The folder that relative paths and the search for the project start from. */
  folder: string
  /** Asks a person a question of yes or no, until the signal takes it back; null where no person can answer. */
  confirm: ((question: string, signal: AbortSignal) => Promise<boolean>) | null
  /** Asks a person for something that is not shown; undefined where the answer is empty, null where no person can answer. */
  askSecret: ((question: string, signal: AbortSignal) => Promise<string | undefined>) | null
  /** Returns what comes on standard input, to its end. */
  readInput(): Promise<string>
  now(): number
  /** Calls the listener at each SIGINT and SIGTERM; returns how to stop listening. */
  onInterrupt(listener: () => void): () => void
  /** Ends the process at once. */
  exitNow(code: number): void
}
