// Connection URLs are kept sealed: AES-256-GCM under a key that only the configuration holds, bound to the database's id,
// so that a row copied to another database opens nothing.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const ivBytes = 12
const keyBytes = 32

/** Keys by name; the first one seals, all of them open. */
export type SealingKeys = ReadonlyMap<string, Buffer>

/** Returns the keys that `name:base64,name:base64` lists. Throws a TypeError that repeats none of them. */
export function parseSealingKeys(text: string): SealingKeys {
  const keys = text.split(',').map((part): [string, Buffer] => {
    const [, name, key] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(part.trim()) ?? []
    const bytes = Buffer.from(key ?? '', 'base64')
    if (name === undefined || bytes.length !== keyBytes) {
      throw new TypeError(`is not a list of name:key with keys of ${keyBytes} bytes in base64`)
    }
    return [name, bytes]
  })
  return new Map(keys)
}

/** Returns the URL so that only a holder of the key can read it, and only for this database. */
export function sealUrl(keys: SealingKeys, databaseId: string, url: string): string {
  const [first] = keys
  if (first === undefined) {
    throw new Error('there is no key to seal with')
  }
  const [name, key] = first
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(algorithm, key, iv)
  cipher.setAAD(Buffer.from(databaseId))
  const text = Buffer.concat([cipher.update(url, 'utf8'), cipher.final()])
  return [name, ...[iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
}

/** Returns the URL that was sealed for this database; throws when the key is gone or the text was changed. */
export function openUrl(keys: SealingKeys, databaseId: string, sealed: string): string {
  const [name = '', ...parts] = sealed.split('.')
  const [iv, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'))
  const key = keys.get(name)
  if (key === undefined || iv === undefined || tag === undefined || text === undefined) {
    throw new Error(`the connection is sealed with the key ${name}, which this service does not have`)
  }
  const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(databaseId))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
}
