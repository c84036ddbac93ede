import { createClient, identityRoutes } from '@freehold/contracts-base'
import { traceHeaders } from '../telemetry/trace-context.ts'

export interface TokenSourceOptions {
  catalogUrl: string
  apiKey: string
  fetch?: typeof fetch
  now?(): number
}

/** Returns a function that gives a token to call other services with; one is asked for when the last is half spent. */
export function createTokenSource({
  catalogUrl,
  apiKey,
  fetch: fetchOption,
  now = Date.now,
}: TokenSourceOptions): () => Promise<string> {
  const client = createClient(identityRoutes, {
    baseUrl: catalogUrl,
    headers: traceHeaders,
    timeoutMs: 5000,
    ...(fetchOption === undefined ? {} : { fetch: fetchOption }),
  })
  let held: { token: string; renewAtMs: number; expiresAtMs: number } | undefined
  let asking: Promise<string> | undefined

  const ask = async (): Promise<string> => {
    const askedAtMs = now()
    const { token, expiresAt } = await client.issueToken({ body: { apiKey } })
    const expiresAtMs = Date.parse(expiresAt)
    held = { token, renewAtMs: askedAtMs + (expiresAtMs - askedAtMs) / 2, expiresAtMs }
    return token
  }

  return async () => {
    if (held !== undefined && now() < held.renewAtMs) {
      return held.token
    }
    asking ??= ask().finally(() => {
      asking = undefined
    })
    try {
      return await asking
    } catch (error) {
      // While the catalog is down the token that is held serves to its end.
      if (held !== undefined && now() < held.expiresAtMs - 5000) {
        return held.token
      }
      throw error
    }
  }
}
