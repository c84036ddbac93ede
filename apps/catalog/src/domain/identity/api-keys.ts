// Keys are 256 random bits, so that their plain SHA-256 can neither be guessed nor reversed; a slow hash is for
// passwords, which people choose. Finding a key by its hash compares nothing in time that depends on it.

import { createHash, randomBytes } from 'node:crypto'
import type { Caller } from '@freehold/contracts-base'
import { type ApiKey, type ApiKeyRequest, catalogErrors, catalogEvents, type Roles } from '@freehold/contracts-catalog'
import { hasRole, Problem } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { z } from 'zod'
import {
  countUsableKeys,
  findApiKeyByHash,
  insertApiKey,
  type KeyAudience,
  lockApiKey,
  toApiKey,
} from '../../store/api-keys.ts'
import { recordAudit } from '../../store/audit.ts'
import type { ApiKeyRow, Store } from '../../store/schema.ts'

/** Returns what a key is kept as. */
export function hashApiKey(apiKey: string): Buffer {
  return createHash('sha256').update(apiKey).digest()
}

/** Returns the first characters of a key, which tell it from others and help nobody to guess the rest. */
export function prefixOf(apiKey: string): string {
  return apiKey.slice(0, 12)
}

/** Returns the subject of a person's tokens. */
export function personSubject(person: string): string {
  return `person:${person}`
}

/**
 * Returns the subject of a person whom an issuer vouches for. A name that a key is made for has no slash, so that nobody
 * becomes somebody else by what the issuer calls them.
 */
export function issuedSubject(issuer: string, name: string): string {
  return personSubject(`${new URL(issuer).host}/${name}`)
}

/** Longest life of a key: a year, and time to put another in its place. */
const keyDaysMax = 400
/** Longest life of what somebody makes whom the issuer may disown tomorrow. */
const issuedKeyDaysMax = 90
/** Keys of one subject that open something at the same time: enough to take one after the other out of use. */
const keysPerSubjectMax = 20

/** Returns when a key of the caller's making ends. Throws the Problem keyLastsTooLong. */
function expiryFor(caller: Caller, asked: string | undefined, now: Date): Date {
  const daysMax = /^person:[^/]+\//.test(caller.subject) ? issuedKeyDaysMax : keyDaysMax
  const expiresAt = asked === undefined ? null : new Date(asked)
  const latest = new Date(now.getTime() + daysMax * 86_400_000)
  if (expiresAt !== null && expiresAt > latest) {
    const detail = `${caller.subject} makes keys that end by ${latest.toISOString()}.`
    throw new Problem(catalogErrors.keyLastsTooLong, { detail })
  }
  return expiresAt ?? latest
}

/**
 * Makes a key for a person, a service, or the caller; it is returned this once. Throws the Problems grantTooWide,
 * keyLastsTooLong and keysTooMany.
 */
export async function createApiKey(
  store: Store,
  caller: Caller,
  request: z.output<typeof ApiKeyRequest>,
): Promise<{ apiKey: string; key: ApiKey }> {
  const { kind, subject, roles } = toHolder(caller, request)
  requireMayGrant(caller, subject, roles)
  const expiresAt = expiryFor(caller, request.expiresAt, new Date())
  const apiKey = `fhk_${randomBytes(32).toString('base64url')}`
  const key = await store.transaction().execute(async (trx) => {
    await requireRoom(trx, subject)
    const row = await insertApiKey(trx, {
      id: uuidv7(),
      prefix: prefixOf(apiKey),
      hash: hashApiKey(apiKey),
      kind,
      subject,
      roles,
      note: request.note,
      created_by: caller.subject,
      expires_at: expiresAt,
    })
    const created = toApiKey(row)
    await publishEvent(trx, catalogEvents.keyCreated, row.id, created)
    const subjectOf = `api-keys/${row.id}`
    await recordAudit(trx, { actor: caller.subject, action: 'api-key.created', subject: subjectOf, after: created })
    return created
  })
  return { apiKey, key }
}

/** Returns whom the key is to speak for, and with which roles. */
function toHolder(
  caller: Caller,
  request: z.output<typeof ApiKeyRequest>,
): { kind: 'person' | 'service'; subject: string; roles: Roles } {
  switch (request.kind) {
    case 'self': {
      const { subject } = caller
      return {
        kind: subject.startsWith('person:') ? 'person' : 'service',
        subject,
        roles: request.roles ?? caller.roles,
      }
    }
    case 'person':
      return { kind: 'person', subject: personSubject(request.person), roles: request.roles }
    case 'service':
      return {
        kind: 'service',
        subject: request.service,
        roles: { [request.service]: 'operator', ...request.roles },
      }
  }
}

/** Of two requests at the same time the second one counts the first one's key. */
async function requireRoom(trx: Store, subject: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`catalog.api_keys ${subject}`}, 0))`.execute(trx)
  if ((await countUsableKeys(trx, subject)) >= keysPerSubjectMax) {
    throw new Problem(catalogErrors.keysTooMany, { detail: `${subject} has ${keysPerSubjectMax} keys.` })
  }
}

/**
 * A key speaks for its subject. Everybody makes keys that speak for themselves and open no more than they may themselves;
 * others' take an owner of what they open, and another person's an owner of the platform.
 */
function requireMayGrant(caller: Caller, subject: string, roles: Roles): void {
  if (hasRole(caller, 'owner')) {
    return
  }
  if (subject === caller.subject) {
    const above = Object.entries(roles).find(
      ([scope, role]) => !hasRole(caller, role, scope === '*' ? undefined : scope),
    )
    if (above !== undefined) {
      const [scope, role] = above
      const detail = `${caller.subject} has not the role ${role} on ${scope === '*' ? 'the platform' : scope}.`
      throw new Problem(catalogErrors.grantTooWide, { detail })
    }
    return
  }
  const missing = Object.keys(roles).find((scope) => scope === '*' || !hasRole(caller, 'owner', scope))
  if (missing !== undefined) {
    const detail = `${caller.subject} is no owner of ${missing === '*' ? 'the platform' : missing}.`
    throw new Problem(catalogErrors.grantTooWide, { detail })
  }
  if (subject.startsWith('person:')) {
    const detail = `A key for ${subject} is made by ${subject} or by an owner of the platform.`
    throw new Problem(catalogErrors.grantTooWide, { detail })
  }
}

/** Returns whose keys the caller may see and revoke. */
export function audienceOf(caller: Caller): KeyAudience {
  const owned = Object.keys(caller.roles).filter((scope) => scope !== '*' && hasRole(caller, 'owner', scope))
  return { subject: caller.subject, owned: hasRole(caller, 'owner') ? undefined : owned }
}

/**
 * Revokes a key for good. Throws the Problem keyNotFound, also for keys that the caller may not see, and keyAboveCaller for
 * one that opens more than the caller may.
 */
export async function revokeApiKey(store: Store, caller: Caller, id: string): Promise<void> {
  await store.transaction().execute(async (trx) => {
    const row = await lockApiKey(trx, id)
    if (row === undefined || !isVisible(row, audienceOf(caller))) {
      throw new Problem(catalogErrors.keyNotFound, { detail: `No key of yours has the id ${id}.` })
    }
    const above = Object.entries(row.roles).find(
      ([scope, role]) => !hasRole(caller, role, scope === '*' ? undefined : scope),
    )
    if (above !== undefined) {
      const [scope, role] = above
      const detail = `The key has the role ${role} on ${scope === '*' ? 'the platform' : scope}.`
      throw new Problem(catalogErrors.keyAboveCaller, { detail })
    }
    if (row.revoked_at !== null) {
      return
    }
    const revoked = { ...row, revoked_at: new Date() }
    await trx.updateTable('api_keys').set({ revoked_at: revoked.revoked_at }).where('id', '=', id).execute()
    await publishEvent(trx, catalogEvents.keyRevoked, id, toApiKey(revoked))
    await recordAudit(trx, {
      actor: caller.subject,
      action: 'api-key.revoked',
      subject: `api-keys/${id}`,
      before: toApiKey(row),
      after: toApiKey(revoked),
    })
  })
}

function isVisible({ subject, roles }: ApiKeyRow, audience: KeyAudience): boolean {
  const scopes = Object.keys(roles)
  return (
    audience.owned === undefined ||
    subject === audience.subject ||
    (scopes.length > 0 && scopes.every((scope) => audience.owned?.includes(scope)))
  )
}

/** Returns whom the key speaks for; undefined when it opens nothing, or nothing any more. */
export async function findHolder(store: Store, apiKey: string, now = new Date()): Promise<Caller | undefined> {
  const row = await findApiKeyByHash(store, hashApiKey(apiKey))
  const isUsable =
    row !== undefined &&
    row.revoked_at === null &&
    (row.expires_at === null || row.expires_at.getTime() > now.getTime())
  return isUsable ? { subject: row.subject, roles: row.roles } : undefined
}

/** Enters the key that the platform is opened with for the first time; one that was revoked stays so. */
export async function ensureBootstrapKey(store: Store, apiKey: string): Promise<void> {
  await store.transaction().execute(async (trx) => {
    const hash = hashApiKey(apiKey)
    const inserted = await trx
      .insertInto('api_keys')
      .values({
        id: uuidv7(),
        prefix: prefixOf(apiKey),
        hash,
        kind: 'person',
        subject: personSubject('owner'),
        roles: JSON.stringify({ '*': 'owner' }),
        note: 'BOOTSTRAP_API_KEY',
        created_by: 'catalog',
        expires_at: null,
        revoked_at: null,
      })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (inserted !== undefined) {
      const key = toApiKey(inserted)
      await publishEvent(trx, catalogEvents.keyCreated, key.id, key)
      const subject = `api-keys/${key.id}`
      await recordAudit(trx, { actor: 'catalog', action: 'api-key.created', subject, after: key })
    }
  })
}
