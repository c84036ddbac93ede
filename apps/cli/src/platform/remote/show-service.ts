import type { CommandResult } from '../../command.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { TextOptions } from '../../render/plan-text.ts'
import { countOf } from '../../render/quantities.ts'
import { printable, wrap } from '../../render/text.ts'
import type { ServiceStatus } from '../documents/platform-documents.ts'
import type { FoundPlatform } from '../find-platform.ts'
import { findLatestRun, listDatabases } from './remote-database.ts'

interface ShowOptions {
  service: string
  database?: string
  exitCode?: boolean
}

/** Tells of each database of a service what its latest run is at. */
export async function showService(
  { migrations }: FoundPlatform,
  { service, database: name, exitCode }: ShowOptions,
  text: Pick<TextOptions, 'paint' | 'width'>,
): Promise<CommandResult> {
  const databases = (await listDatabases(migrations, service)).filter(
    (each) => name === undefined || each.name === name,
  )
  const document: ServiceStatus = {
    service,
    databases: await Promise.all(
      databases.map(async (database) => {
        const run = await findLatestRun({ client: migrations, service, database })
        return { name: database.name, schema: database.schema, run: run === undefined ? null : toShown(run) }
      }),
    ),
  }
  const isOpen = document.databases.some(({ run }) => run !== null && run.finishedAt === null)
  const code = exitCode === true && isOpen ? exitCodes.found : exitCodes.done
  return { document, text: render(document, text), exitCode: code }
}

type ShownRun = NonNullable<ServiceStatus['databases'][number]['run']>

function toShown(run: NonNullable<Awaited<ReturnType<typeof findLatestRun>>>): ShownRun {
  const { id, state, phase, applied, problem, createdBy, createdAt, startedAt, finishedAt } = run
  return {
    ...{ id, state, phase, applied, createdBy, createdAt, startedAt, finishedAt },
    problem: problem === null ? null : { code: problem.code, detail: problem.detail },
  }
}

const words: Record<ShownRun['state'], string> = {
  held: 'waits for its fleet run',
  planning: 'being planned',
  awaitingApproval: 'waits for a person’s approval',
  queued: 'waits for a worker and a maintenance window',
  expanding: 'expanding',
  windowOpen: 'window open',
  contractQueued: 'waits for its contract phase',
  contracting: 'contracting',
  completed: 'completed',
  paused: 'paused',
  undoing: 'being undone',
  undone: 'undone',
  failed: 'failed',
  rejected: 'rejected',
  cancelled: 'cancelled',
}

function render({ service, databases }: ServiceStatus, { paint, width }: Pick<TextOptions, 'paint' | 'width'>): string {
  if (databases.length === 0) {
    return `The platform knows no database of ${service}: freehold service add enters one.\n`
  }
  const lines = databases.flatMap(({ name, run }) => {
    if (run === null) {
      return [`${paint.bold(name)}  no run yet`]
    }
    const rendered = [
      `${paint.bold(name)}  ${words[run.state]}`,
      paint.dim(
        `  run ${run.id} of ${run.createdAt} by ${printable(run.createdBy)}, ${countOf(run.applied.length, 'migration')} applied`,
      ),
    ]
    if (run.problem !== null) {
      rendered.push(
        ...wrap(`${run.problem.detail} [${run.problem.code}]`, width - 2).map((line) => paint.red(`  ${line}`)),
      )
    }
    return rendered
  })
  return `${lines.join('\n')}\n`
}
