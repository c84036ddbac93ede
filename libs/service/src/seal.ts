// What a service must give back later and nobody may read in its tables is kept sealed: AES-256-GCM under a key that only the configuration holds, bound to what they
// belong to, so that a row copied to another place opens nothing. The key's name stands in front, so that keys can be
// rotated: the first seals, all of them open.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'

const algorithm = 'aes-256-gcm'
// What NIST SP 800-38D recommends for GCM; random ones are safe far beyond the number of secrets here.
const nonceBytes = 12
const tagBytes = 16
const keyBytes = 32

/** Keys by name, the one that seals first. */
export type SealingKeys = ReadonlyMap<string, Buffer>

/** Returns the keys that `name:base64,name:base64` lists. Throws a TypeError that repeats none of them. */
export function parseSealingKeys(text: string): SealingKeys {
  const keys = text.split(',').map((part): [string, Buffer] => {
    const [, name = '', key = ''] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(part.trim()) ?? []
    const bytes = Buffer.from(key, 'base64')
    if (name === '' || bytes.length !== keyBytes) {
      throw new TypeError(`is not a list of name:key with keys of ${keyBytes} bytes in base64`)
    }
    return [name, bytes]
  })
  if (new Set(keys.map(([name]) => name)).size < keys.length) {
    throw new TypeError('is a list that names a key twice')
  }
  return new Map(keys)
}

/** The setting that lists the keys; what is wrong in it is told without repeating any. */
export const sealingKeys = z.string().transform((text, context) => {
  try {
    return parseSealingKeys(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

/** Returns the text so that only a holder of the key reads it, and only as what `owner` names. */
export function seal(keys: SealingKeys, owner: string, text: string): string {
  const [name, key] = firstOf(keys)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(owner))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return [name, ...[nonce, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.')
}

/** Returns the text that was sealed for the owner; throws when the key is gone or anything was changed. */
export function openSealed(keys: SealingKeys, owner: string, sealed: string): string {
  const [name = '', ...parts] = sealed.split('.')
  const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'))
  const key = keys.get(name)
  if (key === undefined || nonce === undefined || tag === undefined || text === undefined) {
    throw new Error(`${owner} is sealed with the key ${name}, which this service does not have`)
  }
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(owner))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
}

/** Returns the name of the key that seals now; what it sealed begins with this and a dot. */
export function firstKeyName(keys: SealingKeys): string {
  return firstOf(keys)[0]
}

function firstOf(keys: SealingKeys): [string, Buffer] {
  const [first] = keys
  if (first === undefined) {
    throw new Error('there is no key to seal with')
  }
  return first
}
