import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { migrationsErrors } from '@freehold/contracts-migrations'
import { openSealed, Problem, type SealingKeys } from '@freehold/service'
import type { DatabaseRow } from '../store/schema.ts'
import { describeOwnedReferences, findOwnedReference } from './owned-reference.ts'
import { toServiceUrl, UrlRefused } from './service-url.ts'

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
  database: Pick<DatabaseRow, 'id' | 'service' | 'url_sealed' | 'url_reference'>,
): Promise<string> {
  if (database.url_sealed === null) {
    return await followReference(sources, database.service, database.url_reference ?? '')
  }
  let url: string
  try {
    url = openSealed(sources.keys, database.id, database.url_sealed)
  } catch (error) {
    throw refuse('the connection cannot be opened with the keys of this service: give it again', error)
  }
  return checkUrl(url, 'the URL that is kept').url
}

/** Returns the URL as the service opens it; throws a Problem that says what is wrong with it and repeats nothing of it. */
export function checkUrl(url: string, where: string) {
  try {
    return toServiceUrl(url)
  } catch (error) {
    throw refuse(`${where} is refused: ${error instanceof UrlRefused ? error.message : 'it cannot be read'}`)
  }
}

/** Throws a Problem where the reference leads to what is not the service's own. */
export function assertOwnedReference(service: string, reference: string) {
  const owned = findOwnedReference(service, reference)
  if (owned === undefined) {
    const detail = `${reference} is not of the service ${service}: its references are ${describeOwnedReferences(service)}`
    throw refuse(detail)
  }
  return owned
}

async function followReference(sources: ConnectionSources, service: string, reference: string): Promise<string> {
  const owned = assertOwnedReference(service, reference)
  const found =
    owned.kind === 'env'
      ? sources.env[owned.name]
      : await readFile(path.join(sources.secretsFolder, owned.path), 'utf8').catch(() => undefined)
  const url = found?.trim() ?? ''
  if (url === '') {
    throw refuse(`${reference} leads to nothing that this service can read`)
  }
  return checkUrl(url, `what ${reference} leads to`).url
}
