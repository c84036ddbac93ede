/** `freehold migrate … --service` on a platform. */
import type { CommandResult } from '../../command.ts'
import type { Engine } from '../../engine.ts'
import type { TextOptions } from '../../render/plan-text.ts'
import type { Surroundings } from '../../surroundings.ts'
import { findPlatform, toPlatformProblem } from '../find-platform.ts'
import { getRemoteDatabase } from './remote-database.ts'
import { createRemoteEngine } from './remote-engine.ts'
import { showService } from './show-service.ts'

export interface RemoteOptions {
  service: string
  database?: string
  approve?: string
}

/** What a command works with instead of a database of its own. */
export interface RemotePlace {
  engine: Engine
  schema: string
  description: string
  /** What a person is told who stops the command. */
  words: { first: string; second: string }
}

/** Returns the service's database on the platform that is meant, undefined where none runs. */
export async function findRemotePlace(
  options: RemoteOptions,
  surroundings: Surroundings,
  say: (text: string) => void,
): Promise<RemotePlace | undefined> {
  const platform = await findPlatform({}, surroundings)
  if (platform === undefined) {
    return undefined
  }
  const { service } = options
  const remote = await getRemoteDatabase(platform.migrations, service, options.database)
  const { name, schema } = remote.database
  const approver = { reason: options.approve, confirm: surroundings.confirm, say }
  return {
    engine: createRemoteEngine(remote, approver),
    schema,
    description: `the database ${name} of ${service} on the platform`,
    words: { first: 'the run goes on on the platform', second: 'ended; the run goes on on the platform' },
  }
}

/** Returns the state of the service's databases on the platform, undefined where none runs. */
export async function findServiceStatus(
  options: RemoteOptions & { exitCode?: boolean },
  surroundings: Surroundings,
  text: Pick<TextOptions, 'paint' | 'width'>,
): Promise<CommandResult | undefined> {
  const platform = await findPlatform({}, surroundings)
  return platform === undefined ? undefined : await showService(platform, options, text)
}

export { toPlatformProblem }
