import type { CommandResult } from '../command.ts'
import type { Paint } from '../render/text.ts'
import type { Surroundings } from '../surroundings.ts'

/** What a command around a platform has at hand while it runs. */
export interface PlatformContext {
  surroundings: Surroundings
  paint: Paint
  width: number
  version: string
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal
  /** Says something on standard error. */
  say(text: string): void
}

/** Options of every command around a platform. */
export interface PlatformCommandOptions {
  data?: string
  json?: boolean
}

/** Carries out a command; what it returns is printed at its end. */
export type PlatformCommand<Options extends PlatformCommandOptions = PlatformCommandOptions> = (
  context: PlatformContext,
  options: Options,
  args: string[],
) => Promise<CommandResult>
