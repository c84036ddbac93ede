import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { embeddedVersions } from '@freehold/postgres/embedded'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')

/** The two programs that are compared, as their users run them: bundled into one file each. */
export const programs = {
  freehold: path.join(root, 'apps/cli/dist/freehold.js'),
  prisma: path.join(root, 'benchmarks/dist/prisma-deploy.js'),
}

/** Bundles the command line, and Prisma's own engine with nothing around it but what starts it. */
export async function buildPrograms(which: (keyof typeof programs)[]): Promise<void> {
  if (which.includes('freehold')) {
    await runProgram([path.join(root, 'tools/build-app.ts'), 'cli'])
  }
  await build({
    entryPoints: [path.join(root, 'tools/prisma-engine/deploy.ts')],
    outfile: programs.prisma,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.22',
    external: ['@prisma/schema-engine-wasm', 'pg-native'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
}

export interface ProgramRun {
  /** From the start of the process to its end. */
  seconds: number
  output: string
}

/** Runs a Node program to its end; throws with its output when it fails. */
export async function runProgram(args: string[], env: Record<string, string> = {}): Promise<ProgramRun> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = (performance.now() - startedAt) / 1000
  if (code !== 0) {
    throw new Error(`${args.join(' ')} ended with ${code}:\n${output}${errors}`)
  }
  return { seconds, output }
}

/** Returns the median; of an even number of values, the upper of the two in the middle. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** What a figure depends on beside the program. */
export function describeMachine(): Record<string, string | number> {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    postgres: embeddedVersions[18],
  }
}

/** Writes `results/<name>.json`. */
export async function writeResults(name: string, results: object): Promise<void> {
  const folder = path.join(root, 'benchmarks', 'results')
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, `${name}.json`)
  await writeFile(file, `${JSON.stringify({ machine: describeMachine(), ...results }, null, 2)}\n`)
  process.stdout.write(`written: ${path.relative(root, file)}\n`)
}
