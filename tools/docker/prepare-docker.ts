import { spawnSync } from 'node:child_process'
import path from 'node:path'

/** Whether tests may count on Docker, and with which images; else why not, and whether that is a fault. */
export type Preparation = { env: Record<string, string> } | { missing: string; isFault: boolean }

const official = ['postgres:18', 'apache/kafka:4.3.1', 'node:24-slim']
const standIn = 'freehold-stand-in/postgres:18'
const script = path.join(import.meta.dirname, 'provision.sh')
const pullMsMax = 300_000
// Compose is built from its sources the first time.
const provisionMsMax = 30 * 60_000
const impossible = 3

/** Sees to an engine, compose, and images: those of the registry where one is reached, else stand-ins that are made here. */
export function prepareDocker(): Preparation {
  if (isQuiet('docker', ['version']) && isQuiet('docker', ['compose', 'version']) && hasOfficialImages()) {
    return { env: {} }
  }
  if (process.platform === 'win32') {
    return { missing: 'no Docker engine answers that gets images', isFault: false }
  }
  const { status, error } = spawnSync(script, [], { stdio: ['ignore', 'inherit', 'inherit'], timeout: provisionMsMax })
  if (status !== 0) {
    const missing = `tools/docker/provision.sh ended with ${error?.message ?? `exit code ${status}`}`
    return { missing, isFault: status !== impossible }
  }
  const { stdout } = spawnSync(script, ['env'], { encoding: 'utf8' })
  return {
    env: Object.fromEntries([...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])),
  }
}

function hasOfficialImages(): boolean {
  const has = (image: string): boolean => isQuiet('docker', ['image', 'inspect', image])
  // Where stand-ins were made no registry was reached.
  return !has(standIn) && official.every((image) => has(image) || isQuiet('docker', ['pull', image], pullMsMax))
}

function isQuiet(program: string, args: string[], timeout = 30_000): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout }).status === 0
}

/** Removes the containers that tests of this run left behind when they were killed. */
export function removeLeftContainers(testRun: string): void {
  const filter = ['ps', '--all', '--quiet', '--filter', `label=freehold.test=${testRun}`]
  const { stdout } = spawnSync('docker', filter, { encoding: 'utf8' })
  const left = (stdout ?? '').split('\n').filter((id) => id !== '')
  if (left.length > 0) {
    spawnSync('docker', ['rm', '--force', '--volumes', ...left], { stdio: 'ignore' })
  }
}
