// Everything secret of a platform: made once, kept in one file that only its owner reads, handed on in memory.

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Problem } from '@freehold/migrations/problem'
import { z } from 'zod'
import type { PlatformFolder } from './platform-folder.ts'
import { platformProblems } from './platform-problems.ts'
import { writeDurably } from './write-durably.ts'

const Secrets = z.object({
  formatVersion: z.literal(1),
  /** Opens the platform as its owner. */
  apiKey: z.string(),
  sealingKeys: z.object({ catalog: z.string(), migrations: z.string() }),
  /** By role of the embedded Postgres. */
  passwords: z.record(z.string(), z.string()),
})
export type Secrets = z.output<typeof Secrets>

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')
const sealingKey = (): string => `k1:${randomBytes(32).toString('base64')}`

/** Returns the secrets of the folder, undefined where it has none. */
export async function readSecrets(folder: PlatformFolder): Promise<Secrets | undefined> {
  let text: string
  try {
    text = await readFile(folder.secretsFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined
    }
    throw new Problem(platformProblems.keyMissing, `${folder.secretsFile} cannot be read by this user`, {}, error)
  }
  try {
    return Secrets.parse(JSON.parse(text))
  } catch {
    // What is wrong with it may quote a part of it.
    throw new Problem(platformProblems.secretsMissing, `${folder.secretsFile} does not hold the platform’s secrets`)
  }
}

/** Returns the secrets of the folder with a password for each role; makes what is missing. */
export async function ensureSecrets(folder: PlatformFolder, roles: string[]): Promise<Secrets> {
  const kept = await readSecrets(folder)
  const secrets: Secrets = {
    formatVersion: 1,
    apiKey: kept?.apiKey ?? `fhk_${random(32)}`,
    sealingKeys: kept?.sealingKeys ?? { catalog: sealingKey(), migrations: sealingKey() },
    passwords: Object.fromEntries(roles.map((role) => [role, kept?.passwords[role] ?? random(24)])),
  }
  if (JSON.stringify(kept) !== JSON.stringify(secrets)) {
    await writeDurably(folder.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`)
  }
  return secrets
}
