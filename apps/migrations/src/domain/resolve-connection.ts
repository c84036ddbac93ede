import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { migrationsErrors } from '@freehold/contracts-migrations'
import { parseDatabaseUrl } from '@freehold/postgres'
import { Problem } from '@freehold/service'
import type { DatabaseRow } from '../store/schema.ts'
import { openUrl, type SealingKeys } from './seal-url.ts'

/** What is needed to find a database's URL. */
export interface ConnectionSources {
  keys: SealingKeys
  env: Readonly<Record<string, string | undefined>>
  /** The only folder in which `file:` references are followed. */
  secretsFolder: string
}

const refuse = (detail: string, cause?: unknown): Problem =>
  new Problem(migrationsErrors.connectionInvalid, { detail, cause })

/** Returns the URL in clear, for memory only; throws a Problem that names what is missing and repeats nothing of it. */
export async function resolveConnection(
  sources: ConnectionSources,
  database: Pick<DatabaseRow, 'id' | 'url_sealed' | 'url_reference'>,
): Promise<string> {
  if (database.url_sealed !== null) {
    try {
      return openUrl(sources.keys, database.id, database.url_sealed)
    } catch (error) {
      throw refuse('the connection cannot be opened with the keys of this service: give it again', error)
    }
  }
  return await followReference(sources, database.url_reference ?? '')
}

async function followReference(sources: ConnectionSources, reference: string): Promise<string> {
  const [, kind, name = ''] = /^(env|file):(.+)$/.exec(reference) ?? []
  const found =
    kind === 'env'
      ? sources.env[name]
      : await readFile(path.join(sources.secretsFolder, path.basename(name)), 'utf8').catch(() => undefined)
  const url = found?.trim() ?? ''
  if (url === '') {
    throw refuse(`${reference} leads to nothing that this service can read`)
  }
  if (!isDatabaseUrl(url)) {
    throw refuse(`what ${reference} leads to is not a URL of a Postgres database`)
  }
  return url
}

function isDatabaseUrl(url: string): boolean {
  try {
    parseDatabaseUrl(url)
    return true
  } catch {
    // What is wrong with it may hold a part of it.
    return false
  }
}
