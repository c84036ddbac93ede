import { ContractProblem, createClient, identityRoutes, UnreachableError } from '@freehold/contracts-base'
import { createCatalogClient } from '@freehold/contracts-catalog'
import { createMigrationsClient } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/migrations/problem'
import type { Surroundings } from '../surroundings.ts'
import { platformRoutes } from './operations/contract.ts'
import { type PlatformFile, readPlatformFile } from './platform-file.ts'
import { findPlatformFolder, type PlatformFolder } from './platform-folder.ts'
import { platformProblems } from './platform-problems.ts'
import { readSecrets } from './secrets.ts'

/** A platform that runs, asked through the contracts of its services. */
export interface FoundPlatform {
  /** Where each part answers, by name. */
  urls: Record<string, string>
  catalog: ReturnType<typeof createCatalogClient>
  migrations: ReturnType<typeof createMigrationsClient>
  /** What only a platform of `freehold up` has: its folder, its process, and what it tells of itself. */
  own: { folder: PlatformFolder; file: PlatformFile; operations: ReturnType<typeof createOperationsClient> } | undefined
}

type Env = Record<string, string | undefined>
type Token = () => Promise<string>

const createOperationsClient = (baseUrl: string, token: Token) => createClient(platformRoutes, { baseUrl, token })

/** Returns the platform that FREEHOLD_URL names, else the one whose folder is given or the nearest upwards, if it runs. */
export async function findPlatform(
  options: { data?: string },
  { env, folder: from }: Pick<Surroundings, 'env' | 'folder'>,
): Promise<FoundPlatform | undefined> {
  const given = env['FREEHOLD_URL'] ?? ''
  if (given !== '' && options.data === undefined) {
    return connectTo(namedUrls(env, given), requireKey(env), undefined)
  }
  const folder = findPlatformFolder(from, options.data)
  const file = folder === undefined ? undefined : await readPlatformFile(folder)
  if (folder === undefined || file === undefined || file.urls['platform'] === undefined) {
    return undefined
  }
  const apiKey = env['FREEHOLD_API_KEY'] ?? ''
  return connectTo(file.urls, apiKey === '' ? await keyOf(folder) : apiKey, { folder, file })
}

/** Returns the platform, or throws the Problem notRunning. */
export async function getPlatform(
  options: { data?: string },
  surroundings: Pick<Surroundings, 'env' | 'folder'>,
): Promise<FoundPlatform> {
  const found = await findPlatform(options, surroundings)
  if (found === undefined) {
    const folder = findPlatformFolder(surroundings.folder, options.data)
    const where = folder === undefined ? 'here or in a folder above' : `in ${folder.root}`
    throw new Problem(platformProblems.notRunning, `no platform runs ${where}`)
  }
  return found
}

function namedUrls(env: Env, catalog: string): Record<string, string> {
  const migrations = env['FREEHOLD_MIGRATIONS_URL'] ?? ''
  for (const url of [catalog, migrations]) {
    if (url !== '' && !/^https?:\/\//.test(url)) {
      throw new Problem(platformProblems.urlInvalid, 'the address of a service does not begin with http:// or https://')
    }
  }
  return { catalog, ...(migrations === '' ? {} : { migrations }) }
}

function requireKey(env: Env): string {
  const key = env['FREEHOLD_API_KEY'] ?? ''
  if (key === '') {
    throw new Problem(platformProblems.keyMissing, 'FREEHOLD_URL names a platform, and no key opens it')
  }
  return key
}

async function keyOf(folder: PlatformFolder): Promise<string> {
  const secrets = await readSecrets(folder)
  if (secrets === undefined) {
    throw new Problem(platformProblems.keyMissing, `${folder.root} holds no key of the platform that runs in it`)
  }
  return secrets.apiKey
}

function connectTo(
  urls: Record<string, string>,
  apiKey: string,
  own: { folder: PlatformFolder; file: PlatformFile } | undefined,
): FoundPlatform {
  const token = createToken(urls['catalog'] ?? '', apiKey)
  return {
    urls,
    catalog: createCatalogClient({ baseUrl: urls['catalog'] ?? '', token }),
    migrations: createMigrationsClient({ baseUrl: urls['migrations'] ?? '', token: orNoService(urls, token) }),
    own: own === undefined ? undefined : { ...own, operations: createOperationsClient(urls['platform'] ?? '', token) },
  }
}

/** The catalog's address alone is enough for what only the catalog does. */
function orNoService(urls: Record<string, string>, token: Token): Token {
  return async () => {
    if (urls['migrations'] === undefined) {
      throw new Problem(
        platformProblems.urlInvalid,
        'this needs the migrations service, and FREEHOLD_MIGRATIONS_URL does not say where it is',
      )
    }
    return await token()
  }
}

// A command that follows a run can outlast several tokens.
const renewBeforeMs = 60_000

function createToken(baseUrl: string, apiKey: string): Token {
  const client = createClient(identityRoutes, { baseUrl })
  let held: { token: string; expiresAt: string } | undefined
  return async () => {
    if (held === undefined || Date.parse(held.expiresAt) - Date.now() < renewBeforeMs) {
      held = await client.issueToken({ body: { apiKey } })
    }
    return held.token
  }
}

/** Returns an error of a client as the Problem that a person is shown; other errors as they are. */
export function toPlatformProblem(error: unknown): unknown {
  if (error instanceof ContractProblem) {
    const { code, title, detail, hint, errors } = error.problem
    const lines = (errors ?? []).map((each) => `${each.pointer}: ${each.detail}`)
    return new Problem({ code, kind: 'refused', hint: hint ?? '' }, detail ?? title, { lines }, error)
  }
  return error instanceof UnreachableError ? new Problem(platformProblems.unreachable, error.message, {}, error) : error
}
