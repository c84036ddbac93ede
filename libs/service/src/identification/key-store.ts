import type { PublicKey } from '@freehold/contracts-base'
import { connect, quoteQualified } from '@freehold/postgres'
import { readKeySet } from './key-source.ts'

/** Where the last known keys are remembered. */
export interface KeyStore {
  load(): Promise<PublicKey[] | undefined>
  save(keys: PublicKey[]): Promise<void>
}

export interface KeyStoreOptions {
  databaseUrl: string
  applicationName: string
  schema: string
  /** The address that the keys come from: keys of another signer are not taken for its. */
  keysUrl: string
}

/** Returns the store in the table `jwks_cache`; it connects for each call, since there is one at start and one a rotation. */
export function createKeyStore({ databaseUrl, applicationName, schema, keysUrl }: KeyStoreOptions): KeyStore {
  const table = quoteQualified(schema, 'jwks_cache')
  const query = async (sql: string, values: unknown[]): Promise<{ keys: unknown }[]> => {
    const client = await connect({ connectionString: databaseUrl, applicationName })
    try {
      return (await client.query<{ keys: unknown }>(sql, values)).rows
    } finally {
      await client.end()
    }
  }
  return {
    async load() {
      const [row] = await query(`SELECT keys FROM ${table} WHERE url = $1`, [keysUrl])
      return row === undefined ? undefined : readKeySet({ keys: row.keys })
    },
    async save(keys) {
      await query(
        `INSERT INTO ${table} (url, keys) VALUES ($1, $2)
         ON CONFLICT (url) DO UPDATE SET keys = excluded.keys, fetched_at = now()`,
        [keysUrl, JSON.stringify(keys)],
      )
    },
  }
}
