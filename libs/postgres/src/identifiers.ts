import { createHash } from 'node:crypto'

/** Longest identifier that Postgres keeps whole, in bytes (NAMEDATALEN - 1). */
export const identifierBytesMax = 63

/** Returns the name as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) {
    throw new Error('an SQL identifier cannot hold a null character')
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** Returns `schema.name` with both parts quoted. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** Returns the name itself if Postgres keeps it whole, else a name of at most 63 bytes that ends in a hash of it. */
export function shortenIdentifier(name: string): string {
  if (Buffer.byteLength(name) <= identifierBytesMax) {
    return name
  }
  const suffix = `_${createHash('sha256').update(name).digest('hex').slice(0, 10)}`
  // Cut between characters: half of a surrogate pair would be sent as another character.
  const characters = [...name]
  while (Buffer.byteLength(characters.join('')) + suffix.length > identifierBytesMax) {
    characters.pop()
  }
  return characters.join('') + suffix
}
