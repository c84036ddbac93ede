import path from 'node:path'
import { exitCodes } from '../../exit-codes.ts'
import { printable } from '../../render/text.ts'
import { reportError } from '../../run-command.ts'
import type { PlatformCommand, PlatformCommandOptions } from '../platform-command.ts'
import { platformFolderName } from '../platform-folder.ts'
import { listeners } from '../up/own-services.ts'
import { type Platform, startPlatform } from '../up/start-platform.ts'

interface UpOptions extends PlatformCommandOptions {
  port: number
  logs?: boolean
}

/** Starts the platform, says where everything is, and ends it when it is told to. */
export const runUp: PlatformCommand<UpOptions> = async (context, options) => {
  const { surroundings, version, signal } = context
  const { stdout, stderr, env, folder, now } = surroundings
  const platform = await startPlatform({
    root: path.resolve(folder, options.data ?? platformFolderName),
    port: options.port,
    version,
    env,
    signal,
    say: (text) => context.say(text),
    ...(options.logs === true ? { logs: { write: (line: string) => stdout.write(line) } } : {}),
  })
  const document = toDocument(platform, version)
  // The clock began with the process, so that loading the program counts.
  const text = render(platform, now())
  // With --logs standard output is for the log's lines.
  const output = options.logs === true ? stderr : stdout
  output.write(options.json === true ? `${JSON.stringify(document, null, 2)}\n` : text)
  try {
    await Promise.race([untilAborted(signal), platform.lost])
  } catch (error) {
    await platform.close()
    // The one document of --json has been printed.
    return { document: undefined, text: '', exitCode: reportError(error, surroundings, {}) }
  }
  context.say('draining: requests in flight are answered first; once more (Ctrl-C) ends everything at once')
  await platform.close()
  context.say('stopped; freehold up goes on where it was')
  return { document: undefined, text: '', exitCode: exitCodes.done }
}

function toDocument({ folder, urls, postgresPort }: Platform, version: string) {
  return { version, pid: process.pid, folder: folder.root, urls, postgresPort }
}

function render({ folder, urls }: Platform, durationMs: number): string {
  const lines = [
    `Freehold is up after ${(durationMs / 1000).toFixed(1)} s.`,
    ...listeners.map((name) => `  ${name.padEnd(11)} ${urls[name]}`),
    `  data        ${folder.root}`,
    `  logs        ${path.join(folder.logs, '*.log')}`,
    `  API key     in ${folder.secretsFile}`,
    'freehold status tells how it is; Ctrl-C stops it.',
  ]
  return `${printable(lines.join('\n'))}\n`
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
}
