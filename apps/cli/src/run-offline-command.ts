import type { OfflineCommand } from './command.ts'
import type { ExitCode } from './exit-codes.ts'
import { createPaint, widthOf } from './render/text.ts'
import { reportError } from './run-command.ts'
import type { Surroundings } from './surroundings.ts'

/** Runs a command that needs no database and prints how it ended; never throws, as `runCommand`. */
export async function runOfflineCommand<Options>(
  command: OfflineCommand<Options>,
  options: Options & { json?: boolean },
  paths: string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  try {
    command.check(options, paths)
    const { stdout, env } = surroundings
    const text = { paint: createPaint(stdout, env), width: widthOf(stdout) }
    const engine = await surroundings.loadEngine()
    const result = await command.run({ engine, surroundings, text }, options, paths)
    stdout.write(options.json === true ? `${JSON.stringify(result.document, null, 2)}\n` : result.text)
    return result.exitCode
  } catch (error) {
    return reportError(error, surroundings, options)
  }
}
