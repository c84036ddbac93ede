import type { ApiKey } from '@freehold/contracts-catalog'
import { type PageRequest, parseIdCursor, toPage } from '@freehold/service'
import { sql } from 'kysely'
import type { ApiKeyRow, Store } from './schema.ts'

/** Returns what callers see of a key: nothing that opens. */
export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    prefix: row.prefix,
    kind: row.kind,
    subject: row.subject,
    roles: row.roles,
    note: row.note,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

/** Enters a key. */
export async function insertApiKey(trx: Store, row: Omit<ApiKeyRow, 'created_at' | 'revoked_at'>): Promise<ApiKeyRow> {
  return await trx
    .insertInto('api_keys')
    .values({ ...row, roles: JSON.stringify(row.roles), revoked_at: null })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Returns the key with this hash, undefined when there is none. */
export async function findApiKeyByHash(store: Store, hash: Buffer): Promise<ApiKeyRow | undefined> {
  return await store.selectFrom('api_keys').selectAll().where('hash', '=', hash).executeTakeFirst()
}

/** Returns how many keys of the subject open something now. */
export async function countUsableKeys(trx: Store, subject: string): Promise<number> {
  const { count } = await trx
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('subject', '=', subject)
    .where('revoked_at', 'is', null)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Returns the key and holds its row; undefined when there is none. */
export async function lockApiKey(trx: Store, id: string): Promise<ApiKeyRow | undefined> {
  return await trx.selectFrom('api_keys').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Whose keys a caller may see. */
export interface KeyAudience {
  subject: string
  /** Services that the caller owns; undefined for an owner of the platform, who sees all. */
  owned: string[] | undefined
}

/** Lists keys, newest first: the caller's own, and those that open nothing but what the caller owns. */
export async function listApiKeys(store: Store, { subject, owned }: KeyAudience, page: PageRequest) {
  const before = parseIdCursor(page.cursor)
  let query = store
    .selectFrom('api_keys')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (owned !== undefined) {
    query = query.where(({ or, eb }) =>
      or([
        eb('subject', '=', subject),
        sql<boolean>`roles <> '{}' AND NOT EXISTS (
          SELECT FROM jsonb_object_keys(roles) AS scope WHERE scope <> ALL (${owned}::text[]))`,
      ]),
    )
  }
  if (before !== undefined) {
    query = query.where('id', '<', before)
  }
  return toPage(await query.execute(), page.limit, ({ id }) => id, toApiKey)
}
