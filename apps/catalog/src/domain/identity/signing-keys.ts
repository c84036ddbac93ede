// The keys that tokens are signed with. They lie sealed in the service's schema, so that every instance signs with the
// same one. A new key is published before it signs, and an old one stays published until nothing that it signed is valid.

import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { type Caller, type PublicKey, tokenAudience } from '@freehold/contracts-base'
import { catalogEvents } from '@freehold/contracts-catalog'
import { openSealed, type SealingKeys, seal } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import { SignJWT } from 'jose'
import { sql } from 'kysely'
import { recordAudit } from '../../store/audit.ts'
import type { Store } from '../../store/schema.ts'

/** Longer than services keep public keys before they ask for them again. */
const publishedAheadMs = 15 * 60_000
/** Longer than any token lives. */
const publishedAfterMs = 60 * 60_000
/** An unknown key makes the ring look into the database, but not more often than this. */
const rereadMs = 1000

interface SigningKey {
  publicKey: PublicKey
  privateKey: ReturnType<typeof createPrivateKey>
  signsFromMs: number
}

/** The keys as this instance knows them. */
export interface KeyRing {
  /** Returns the public keys: those of the last time, the first time those of the database; undefined where there are none. */
  read(): Promise<PublicKey[] | undefined>
  /** Returns the public keys, read again if the last time is not just over. */
  refresh(): Promise<PublicKey[] | undefined>
  /** Makes a key where one is due, takes out those that are over, and reads them all. */
  keep(): Promise<void>
  /** Returns a token for the caller. Throws when no key has been read yet. */
  sign(caller: Caller): Promise<{ token: string; expiresAt: string }>
}

export interface KeyRingOptions {
  store: Store
  sealingKeys: SealingKeys
  tokenLifetimeS: number
  keyLifetimeMs: number
  now?(): number
}

/** Returns the ring; it reads nothing before it is asked to. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { store, sealingKeys, tokenLifetimeS, now = Date.now } = options
  let keys: SigningKey[] = []
  let published: PublicKey[] | undefined
  let readAtMs = Number.NEGATIVE_INFINITY

  const reread = async (): Promise<void> => {
    readAtMs = now()
    keys = await readKeys(store, sealingKeys)
    const fresh = keys.map(({ publicKey }) => publicKey)
    // Whoever holds the list sees by its identity that nothing has changed.
    if (fresh.length > 0 && JSON.stringify(fresh) !== JSON.stringify(published)) {
      published = fresh
    }
  }

  // A service that takes its first request must not refuse it because its keeper has not had its first turn yet.
  let firstRead: Promise<void> | undefined
  const readOnce = async (): Promise<void> => {
    if (published === undefined) {
      firstRead ??= reread().finally(() => {
        firstRead = undefined
      })
      await firstRead
    }
  }

  return {
    async read() {
      // A database that cannot be reached is the keeper's to tell of; here there are no keys yet.
      await readOnce().catch(() => {})
      return published
    },
    async refresh() {
      if (now() - readAtMs >= rereadMs) {
        await reread()
      }
      return published
    },
    async keep() {
      await rotateKeys(options, now())
      await reread()
    },
    async sign({ subject, roles }) {
      await readOnce()
      const key = keys.filter(({ signsFromMs }) => signsFromMs <= now()).at(-1)
      if (key === undefined) {
        throw new Error('no signing key has been read yet')
      }
      const issuedAtS = Math.floor(now() / 1000)
      const token = await new SignJWT({ roles })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.publicKey.kid })
        .setSubject(subject)
        .setAudience(tokenAudience)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + tokenLifetimeS)
        .sign(key.privateKey)
      return { token, expiresAt: new Date((issuedAtS + tokenLifetimeS) * 1000).toISOString() }
    },
  }
}

async function readKeys(store: Store, sealingKeys: SealingKeys): Promise<SigningKey[]> {
  const rows = await store.selectFrom('signing_keys').selectAll().orderBy('signs_from').execute()
  return rows.map(({ kid, x, sealed, signs_from }) => ({
    publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' },
    privateKey: createPrivateKey({ key: openSealed(sealingKeys, keyOwner(kid), sealed), format: 'pem' }),
    signsFromMs: signs_from.getTime(),
  }))
}

/** Returns what a signing key is sealed for. */
export function keyOwner(kid: string): string {
  return `signing key ${kid}`
}

async function rotateKeys({ store, sealingKeys, keyLifetimeMs }: KeyRingOptions, nowMs: number): Promise<void> {
  await store.transaction().execute(async (trx) => {
    // Two instances that start together make one key.
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('freehold catalog signing keys', 0))`.execute(trx)
    const rows = await trx.selectFrom('signing_keys').select(['kid', 'signs_from']).orderBy('signs_from').execute()
    const newest = rows.at(-1)
    if (newest === undefined || newest.signs_from.getTime() + keyLifetimeMs - publishedAheadMs <= nowMs) {
      await makeKey(trx, sealingKeys, new Date(newest === undefined ? nowMs : nowMs + publishedAheadMs))
    }
    const signing = rows.filter(({ signs_from }) => signs_from.getTime() <= nowMs - publishedAfterMs).at(-1)
    if (signing !== undefined) {
      await trx.deleteFrom('signing_keys').where('signs_from', '<', signing.signs_from).execute()
    }
  })
}

async function makeKey(trx: Store, sealingKeys: SealingKeys, signsFrom: Date): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  const kid = randomUUID()
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const row = await trx
    .insertInto('signing_keys')
    .values({ kid, x: x as string, sealed: seal(sealingKeys, keyOwner(kid), pem), signs_from: signsFrom })
    .returning(['kid', 'published_at', 'signs_from'])
    .executeTakeFirstOrThrow()
  const after = { kid, publishedAt: row.published_at.toISOString(), signsFrom: row.signs_from.toISOString() }
  await publishEvent(trx, catalogEvents.signingKeyRotated, kid, after)
  await recordAudit(trx, { actor: 'catalog', action: 'signing-key.rotated', subject: `signing-keys/${kid}`, after })
}
