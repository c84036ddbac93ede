// From the start of a process to readiness: one service, as its image runs it and from its sources, until /ready answers
// 200; and the whole platform, until `freehold up` says that it is up.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, round, writeResults } from './measure.ts'
import { bundleOf, install, type ServiceName, serviceNames } from './services/installation.ts'
import { createWorkplace } from './services/platform.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
const runs = Number(values.runs)
const root = path.resolve(import.meta.dirname, '..')

const installation = await install()
const services: Record<string, object> = {}
try {
  for (const name of serviceNames) {
    services[name] = {
      bundle: await startAgainAndAgain(name, bundleOf(name)),
      sources: await startAgainAndAgain(name, path.join(root, 'apps', name, 'src/main.ts')),
    }
    process.stdout.write(`${name} ${JSON.stringify(services[name])}\n`)
  }
} finally {
  await installation.stop()
}
await writeResults('service-start', { runs, services, platform: await startPlatforms() })

async function startAgainAndAgain(name: ServiceName, program: string) {
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) {
    const service = await installation.run(name, { program })
    seconds.push(service.readyMs / 1000)
    await service.stop()
  }
  return summaryOf(seconds)
}

/** Starts a platform where nothing of Freehold's was ever started, in another folder of that machine, and there again. */
async function startPlatforms() {
  const seconds = { firstOnMachine: [] as number[], firstInFolder: [] as number[], again: [] as number[] }
  for (let run = 0; run < runs; run += 1) {
    const cache = await mkdtemp(path.join(tmpdir(), 'freehold-benchmark-cache-'))
    for (const starts of [['firstOnMachine'], ['firstInFolder', 'again']] as const) {
      const workplace = await createWorkplace()
      for (const kind of starts) {
        const platform = await workplace.up({ FREEHOLD_CACHE_DIR: cache })
        seconds[kind].push(platform.readyMs / 1000)
        await platform.stop()
      }
      await workplace.remove()
    }
    await rm(cache, { recursive: true, force: true })
  }
  const platform = Object.fromEntries(Object.entries(seconds).map(([kind, each]) => [kind, summaryOf(each)]))
  process.stdout.write(`platform ${JSON.stringify(platform)}\n`)
  return platform
}

function summaryOf(seconds: number[]) {
  return {
    medianS: round(median(seconds), 2),
    minS: round(Math.min(...seconds), 2),
    maxS: round(Math.max(...seconds), 2),
  }
}
