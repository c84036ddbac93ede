// A point read of the catalog, authenticated, over HTTP: how much of a core it takes, and how long callers wait, with
// logs, metrics and traces on. The service has core 0 alone; Postgres, callers and the stand-in for a collector share
// the others.

import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ContractProblem } from '@freehold/contracts-base'
import { createCatalogClient } from '@freehold/contracts-catalog'
import { median, round, writeResults } from './measure.ts'
import { bundleOf, install, type ServiceRun } from './services/installation.ts'
import { type LoadReport, sendLoad } from './services/load.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, runs: { type: 'string', default: '5' } },
})
const seconds = Number(values.seconds)
const perSecond = 1_000
const connections = 16
const ticksPerSecond = 100

interface Figures extends LoadReport {
  /** Of the service's process: user and system. */
  cpuMicrosecondsPerRequest: number
  coreShare: number
}

// What this process starts inherits it; the service gets another core.
spawnSync('taskset', ['-cp', '1', String(process.pid)])
const collector = fork(path.join(import.meta.dirname, 'services/collector-process.ts'))
const [{ url: collectorUrl }] = (await once(collector, 'message')) as [{ url: string }]
const installation = await install()
const runs: { steady: Figures; saturated: Figures; spans: number; logLines: number }[] = []
try {
  for (let run = 0; run < Number(values.runs); run += 1) {
    const service = await installation.run('catalog', {
      program: bundleOf('catalog'),
      core: 0,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl },
    })
    const catalog = createCatalogClient({ baseUrl: service.url, token: () => issueToken(service) })
    if (run === 0) {
      await catalog.registerService({ body: { serviceId: 'orders' } })
    }
    const token = await issueToken(service)
    const load = { url: `${service.url}/v1/services/orders`, token, connections, seconds }
    // Code that ran often enough is compiled, connections are open.
    await sendLoad({ ...load, seconds: 5 })
    const steady = await measure(service, { ...load, perSecond })
    const saturated = await measure(service, load)
    await service.stop()
    const spans = await countSpans(collector)
    const logLines = readFileSync(service.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"request answered"')).length
    runs.push({ steady, saturated, spans, logLines })
    process.stdout.write(`${JSON.stringify(runs.at(-1))}\n`)
  }
} finally {
  await installation.stop()
  collector.disconnect()
}
await writeResults('service-read', {
  perSecond,
  connections,
  seconds,
  medians: { steady: medianOf('steady'), saturated: medianOf('saturated') },
  runs,
})

async function measure(service: ServiceRun, load: Parameters<typeof sendLoad>[0]): Promise<Figures> {
  const before = cpuSeconds(service.pid)
  const report = await sendLoad(load)
  const usedS = cpuSeconds(service.pid) - before
  return {
    ...report,
    cpuMicrosecondsPerRequest: Math.round((usedS * 1_000_000) / report.requests),
    coreShare: round(usedS / load.seconds, 2),
  }
}

/** User and system time of all threads of a process. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** A catalog that has just started for the first time does not know the key yet. */
async function issueToken({ url }: ServiceRun): Promise<string> {
  const client = createCatalogClient({ baseUrl: url })
  for (;;) {
    try {
      return (await client.issueToken({ body: { apiKey: installation.apiKey } })).token
    } catch (error) {
      if (!(error instanceof ContractProblem)) {
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function countSpans(from: ChildProcess): Promise<number> {
  from.send('count')
  const [{ spans }] = (await once(from, 'message')) as [{ spans: number }]
  return spans
}

function medianOf(kind: 'steady' | 'saturated') {
  const of = (read: (figures: Figures) => number) => median(runs.map((run) => read(run[kind])))
  return {
    perSecond: of((figures) => figures.perSecond),
    failed: of((figures) => figures.failed),
    p50Ms: of((figures) => figures.latencyMs.p50),
    p99Ms: of((figures) => figures.latencyMs.p99),
    cpuMicrosecondsPerRequest: of((figures) => figures.cpuMicrosecondsPerRequest),
    coreShare: of((figures) => figures.coreShare),
  }
}
