const hidden = '•••'
// Shorter ones stand in ordinary words, where hiding them would hide nothing and spoil the text.
const secretCharactersMin = 4

/** Returns a function that takes the URL and its password out of texts, at any depth. */
export function createRedactor(databaseUrl: string): <T>(value: T) => T {
  const secrets = secretsOf(databaseUrl).filter((secret) => secret.length >= secretCharactersMin)
  const redactText = (text: string): string =>
    secrets.reduce((result, secret) => result.replaceAll(secret, hidden), text)
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return redactText(value)
    }
    if (Array.isArray(value)) {
      return value.map(redact)
    }
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redact(each)]))
    }
    return value
  }
  return <T>(value: T) => redact(value) as T
}

/** Returns the secret parts as they may be met, the longest first. */
function secretsOf(databaseUrl: string): string[] {
  const url = new URL(databaseUrl)
  const sslPassword = url.searchParams.get('sslpassword')
  const words = [databaseUrl, url.href, url.password, decodeURIComponent(url.password), sslPassword ?? '']
  return [...new Set(words)].sort((one, other) => other.length - one.length)
}
