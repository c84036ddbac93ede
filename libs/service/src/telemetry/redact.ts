// What must not be read in a log: by the name of a field, and by the look of a text.

const secretNames =
  /^(?:authorization|cookie|set-?cookie)$|passw(?:or)?d|passphrase|secret|token|api_?-?key|credential|private_?-?key/i
const depthMax = 8
export const redacted = '[redacted]'

/** Returns the value without what its fields' names say is secret; errors are left to their own serializer. */
export function redact(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Error || value instanceof Date) {
    return value
  }
  if (depth >= depthMax) {
    return '[too deep]'
  }
  if (Array.isArray(value)) {
    return value.map((each) => redact(each, depth + 1))
  }
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') {
    return redact(toJSON.call(value), depth + 1)
  }
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    secretNames.test(name) && each !== undefined ? redacted : redact(each, depth + 1),
  ])
  return Object.fromEntries(entries)
}

// The fields of a child logger reach the line without being looked at by `redact`.
const secretField =
  /"([^"\\]*(?:authorization|cookie|passw|passphrase|secret|token|api_?-?key|credential)[^"\\]*)":"(?:[^"\\]|\\.)*"/gi
// The password of a URL ends at the last @ before the path, so that one with an @ in it is covered whole.
const urlPassword = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/?#"':@\\]*):[^\s/?#"\\]*@/gi
const urlParameter = /([?&;](?:password|sslpassword|token|secret|api_?key)=)[^\s&"'\\]+/gi
const bearer = /\b(bearer|basic) [a-z0-9._~+/=-]{8,}/gi
const jwt = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g

/** Returns a line of the log without the passwords of URLs, without tokens and without fields of secret names. */
export function redactText(text: string): string {
  return text
    .replace(secretField, `"$1":"${redacted}"`)
    .replace(urlPassword, `$1:${redacted}@`)
    .replace(urlParameter, `$1${redacted}`)
    .replace(bearer, `$1 ${redacted}`)
    .replace(jwt, redacted)
}
