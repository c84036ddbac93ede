import { ContractProblem, createClient, UnreachableError } from '@freehold/contracts-base'
import { exitCodes } from '../../exit-codes.ts'
import { countOf } from '../../render/quantities.ts'
import type { Paint } from '../../render/text.ts'
import { printable } from '../../render/text.ts'
import type { PlatformStatus } from '../documents/platform-documents.ts'
import { type FoundPlatform, getPlatform } from '../find-platform.ts'
import { operatorRoutes, type Progress } from '../operations/contract.ts'
import type { PlatformCommand } from '../platform-command.ts'

type ServiceState = PlatformStatus['services'][number]

/** Tells how each service is, and how far schemas and events are. */
export const runStatus: PlatformCommand = async ({ surroundings, paint }, options) => {
  const found = await getPlatform(options, surroundings)
  const progress = await found.own?.operations.getProgress().catch(orUndefined)
  const services = await Promise.all(
    Object.entries(found.urls)
      .filter(([name]) => name !== 'platform')
      .map(async ([name, url]) => await askService(name, url, progress)),
  )
  const { own } = found
  const document: PlatformStatus = {
    platform: own === undefined ? null : toPlatform(own),
    services,
    groups: progress?.groups ?? null,
  }
  const isWell = services.every(({ isReady }) => isReady)
  return { document, text: render(document, paint), exitCode: isWell ? exitCodes.done : exitCodes.refused }
}

/** What cannot be told is left out: the rest is what a person looks for when something is down. */
function orUndefined(error: unknown): undefined {
  if (!(error instanceof ContractProblem || error instanceof UnreachableError)) {
    throw error
  }
  return undefined
}

function toPlatform({ folder, file }: NonNullable<FoundPlatform['own']>): NonNullable<PlatformStatus['platform']> {
  const { version, pid, startedAt, urls } = file
  return { version, pid, startedAt, folder: folder.root, url: urls['platform'] ?? '' }
}

async function askService(name: string, url: string, progress: Progress | undefined): Promise<ServiceState> {
  const client = createClient(operatorRoutes, { baseUrl: url, timeoutMs: 5000 })
  const known = progress?.services.find((service) => service.name === name)
  const [health, reasons] = await Promise.all([client.getHealth().catch(orUndefined), findReasons(client)])
  return {
    name,
    url,
    isAlive: health !== undefined,
    isReady: reasons.length === 0,
    reasons,
    version: health?.version ?? null,
    schemaVersion: known?.schemaVersion ?? null,
    outboxEvents: known?.outboxEvents ?? null,
    outboxOldestAt: known?.outboxOldestAt ?? null,
    deadLetters: known?.deadLetters ?? null,
  }
}

async function findReasons(client: ReturnType<typeof createClient<typeof operatorRoutes>>): Promise<string[]> {
  try {
    await client.getReady()
    return []
  } catch (error) {
    if (error instanceof ContractProblem) {
      const { errors, detail, title } = error.problem
      return errors?.map((each) => `${each.pointer.slice(1)}: ${each.detail}`) ?? [detail ?? title]
    }
    if (error instanceof UnreachableError) {
      return ['it does not answer']
    }
    throw error
  }
}

function render({ platform, services, groups }: PlatformStatus, paint: Paint): string {
  const lines: string[] = []
  if (platform !== null) {
    lines.push(paint.bold(`Freehold ${platform.version}, process ${platform.pid}, up since ${platform.startedAt}`))
    lines.push(paint.dim(`  ${platform.url}, data in ${platform.folder}`))
  }
  for (const { name, url, version, isReady, reasons, schemaVersion } of services) {
    const state = isReady ? paint.green('ready') : paint.red('not ready')
    const schema = schemaVersion === null ? '' : `, schema ${schemaVersion}`
    lines.push(`${name.padEnd(11)} ${state}  ${url}  ${version ?? 'version unknown'}${schema}`)
    lines.push(...reasons.map((reason) => paint.yellow(`  ${printable(reason)}`)))
  }
  if (groups !== null) {
    const sum = (values: (number | null)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0)
    const waiting = sum(services.map(({ outboxEvents }) => outboxEvents))
    const behind = sum(groups.map(({ lagEvents }) => lagEvents))
    const dead = sum(services.map(({ deadLetters }) => deadLetters))
    const text = `events      ${waiting} on their way to the log, ${behind} not consumed yet, ${countOf(dead, 'dead letter')}`
    lines.push(dead > 0 ? paint.yellow(text) : text)
  }
  return `${lines.join('\n')}\n`
}
