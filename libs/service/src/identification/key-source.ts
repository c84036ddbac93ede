// The public keys that tokens are checked with: kept in memory, asked for again beside the requests, and remembered in
// the service's own schema, so that it serves while the service that publishes them is down.

import { PublicKey } from '@freehold/contracts-base'
import type { Logger } from 'pino'
import { z } from 'zod'
import { keysAgeMaxMs, keysRefetchMs, keysTimeoutMs } from '../limits.ts'
import type { KeyStore } from './key-store.ts'

export interface KeySource {
  /** Returns the keys that are known by now, at best fresh ones; undefined if none were ever seen. */
  read(): Promise<PublicKey[] | undefined>
  /** Asks for the keys because one is unknown; at most one question in so many seconds. Returns what is known then. */
  refresh(): Promise<PublicKey[] | undefined>
}

export interface KeySourceOptions {
  /** Returns the document at the address of the keys. */
  fetchKeys(): Promise<unknown>
  store?: KeyStore | undefined
  log: Logger
  now?(): number
}

const KeySet = z.object({ keys: z.array(z.unknown()) })

/** Returns the document at the URL; throws when none comes in time. */
export async function fetchDocument(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(keysTimeoutMs),
  })
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`)
  }
  return response.json()
}

/** Returns the keys of the document that tokens may be signed with; others are left out. */
export function readKeySet(document: unknown): PublicKey[] {
  return KeySet.parse(document).keys.flatMap((key) => {
    const result = PublicKey.safeParse(key)
    return result.success ? [result.data] : []
  })
}

export function createKeySource({ fetchKeys, store, log, now = Date.now }: KeySourceOptions): KeySource {
  let known: PublicKey[] | undefined
  let freshAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const ask = (): Promise<void> => {
    asking ??= (async () => {
      askedAt = now()
      try {
        const keys = readKeySet(await fetchKeys())
        freshAt = now()
        if (JSON.stringify(keys) !== JSON.stringify(known)) {
          known = keys
          await keep(keys)
        }
      } catch (error) {
        log.warn({ error }, 'the keys for tokens could not be read')
      } finally {
        asking = undefined
      }
    })()
    return asking
  }

  const recall = async (): Promise<void> => {
    try {
      const remembered = await store?.load()
      // Meanwhile another request may have got fresh ones.
      known ??= remembered
    } catch (error) {
      log.warn({ error }, 'the keys of last time could not be read')
    }
  }

  const keep = async (keys: PublicKey[]): Promise<void> => {
    try {
      await store?.save(keys)
    } catch (error) {
      log.warn({ error }, 'the keys for tokens could not be remembered')
    }
  }

  const mayAsk = (): boolean => now() - askedAt >= keysRefetchMs

  return {
    async read() {
      if (known === undefined) {
        await recall()
        // Keys of last time serve at once; only without any does a request wait for the answer.
        const first = mayAsk() || asking !== undefined ? ask() : undefined
        if (known === undefined) {
          await first
        }
      } else if (now() - freshAt >= keysAgeMaxMs && mayAsk()) {
        void ask()
      }
      return known
    },
    async refresh() {
      if (mayAsk() || asking !== undefined) {
        await ask()
      }
      return known
    },
  }
}
