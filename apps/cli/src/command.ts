import type { Target } from '@freehold/migrations/engine'
import type { Command } from 'commander'
import type { Engine, OfflineEngine } from './engine.ts'
import type { ExitCode } from './exit-codes.ts'
import type { TextOptions } from './render/plan-text.ts'
import type { Paint } from './render/text.ts'
import type { Surroundings } from './surroundings.ts'

/** What a command has at hand while it runs. */
export interface CommandContext {
  engine: Engine
  target: Target
  surroundings: Surroundings
  /** How text for standard output is set. */
  text: TextOptions
  /** `database on host:port`, for questions. */
  place: string
}

/** How a command ended. */
export interface CommandResult {
  /** What --json prints; its JSON Schema is committed. */
  document: unknown
  /** What a person reads on standard output. */
  text: string
  exitCode: ExitCode
}

/** One command of `freehold migrate`; all of them are of this shape. */
export interface MigrateCommand<Options> {
  name: string
  summary: string
  /** False where the journal in the database is enough. */
  needsFolder: boolean
  /** Adds the command's own options. */
  configure(command: Command): void
  /** Throws a Problem where options do not go together, before anything is connected to. */
  check?(options: Options): void
  run(context: CommandContext, options: Options): Promise<CommandResult>
}

/** One command of `freehold migrate` that works on files alone, wherever the database is. */
export interface OfflineCommand<Options> {
  name: string
  summary: string
  /** Adds the command's options and arguments. */
  configure(command: Command): void
  /** Throws a Problem where options do not go together. */
  check(options: Options, paths: string[]): void
  run(
    context: { engine: Engine & OfflineEngine; surroundings: Surroundings; text: { paint: Paint; width: number } },
    options: Options,
    paths: string[],
  ): Promise<CommandResult>
}
