import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Problem, problems } from '@freehold/migrations/problem'
import type { Engine } from './engine.ts'
import type { Surroundings } from './surroundings.ts'

/** The options that say which database and which folder a command works on. */
export interface TargetOptions {
  databaseUrl?: string
  schema?: string
  migrations?: string
  service?: string
}

/** Which database and folder a command works on. */
export interface Place {
  databaseUrl: string
  schema: string
  applicationName: string
  /** `database on host:port`, for people. */
  description: string
}

/** Returns the database URL: the option, else DIRECT_URL, else DATABASE_URL; an empty one counts as not given. */
export function findDatabaseUrl(options: TargetOptions, env: Record<string, string | undefined>): string | undefined {
  return [options.databaseUrl, env['DIRECT_URL'], env['DATABASE_URL']].find((url) => url !== undefined && url !== '')
}

/** Tells whether a platform may be meant: one is named, or has left its mark here or in a folder above; no database is given. */
export function mayBeOnPlatform(
  options: TargetOptions,
  { env, folder }: Pick<Surroundings, 'env' | 'folder'>,
): boolean {
  if (options.databaseUrl !== undefined) {
    return false
  }
  if ((env['FREEHOLD_URL'] ?? '') !== '') {
    return true
  }
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.freehold/platform.json'))) {
      return true
    }
    if (at === dirname(at)) {
      return false
    }
  }
}

/** Returns what the options and the environment say of the database; throws a Problem where that is no use. */
export async function findPlace(options: TargetOptions, env: Record<string, string | undefined>): Promise<Place> {
  const databaseUrl = findDatabaseUrl(options, env)
  if (databaseUrl === undefined) {
    throw new Problem(problems.urlMissing, 'no database is named')
  }
  const { parseDatabaseUrl } = await import('@freehold/postgres')
  try {
    const { schema, database, host, port } = parseDatabaseUrl(databaseUrl)
    return {
      databaseUrl,
      schema: options.schema ?? schema,
      applicationName: options.service === undefined ? 'freehold' : `freehold-${options.service}`,
      description: `${database} on ${host}:${port}`,
    }
  } catch (error) {
    // Everything that parsing can throw comes from the URL: its form, or a certificate file that it names.
    throw new Problem(problems.urlInvalid, error instanceof Error ? error.message : String(error), {}, error)
  }
}

/**
 * Returns the folder of the migrations. A command that works from the journal alone goes on without one, for where it
 * is run (a container of the platform, say) the project need not be.
 */
export async function findFolder(
  options: TargetOptions,
  search: { engine: Engine; folder: string; needed: boolean },
): Promise<string> {
  if (options.migrations !== undefined) {
    return resolve(search.folder, options.migrations)
  }
  try {
    return await search.engine.findMigrationsFolder(search.folder)
  } catch (error) {
    if (!search.needed && error instanceof Problem && error.definition === problems.folderNotFound) {
      return resolve(search.folder, 'prisma/migrations')
    }
    throw error
  }
}
