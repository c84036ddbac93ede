import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { type Version, versionFolder } from '../orders/generate.ts'

const repository = path.resolve(import.meta.dirname, '../../..')

/** A program of this repository that did not end well; its output says why. */
export class CommandError extends Error {
  constructor(what: string, code: number | null, output: string) {
    super(`${what} ended with ${code === null ? 'a signal' : `exit code ${code}`}:\n${output.trim()}`)
    this.name = 'CommandError'
  }
}

/** Applies a version's migrations as `prisma migrate deploy` does. */
export async function prismaDeploy(version: Version, databaseUrl: string, signal?: AbortSignal): Promise<void> {
  const folder = path.join(versionFolder(version), 'prisma', 'migrations')
  await run(
    'prisma migrate deploy',
    [path.join(repository, 'tools', 'prisma-engine', 'deploy.ts'), folder],
    databaseUrl,
    signal,
  )
}

/** Runs `freehold migrate <arguments>` on a version's migrations. */
export async function freehold(
  version: Version,
  args: string[],
  databaseUrl: string,
  signal?: AbortSignal,
): Promise<void> {
  const folder = path.join(versionFolder(version), 'prisma', 'migrations')
  const program = path.join(repository, 'apps', 'cli', 'bin', 'freehold.js')
  const what = `freehold migrate ${args.join(' ')}`
  await run(what, [program, 'migrate', ...args, '--migrations', folder], databaseUrl, signal)
}

async function run(what: string, args: string[], databaseUrl: string, signal?: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: databaseUrl, DIRECT_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const stop = (): void => {
    child.kill('SIGTERM')
  }
  signal?.addEventListener('abort', stop)
  const [code] = (await once(child, 'close')) as [number | null]
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (code !== 0) {
    throw new CommandError(what, code, output)
  }
}
