import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** An OpenID provider with a key that nobody else knows, on a free port. */
export interface FakeIssuer {
  url: string
  /** Returns an ID token; `by` another key than the one that is published. */
  issue(
    claims: Record<string, unknown>,
    options?: { audience?: string | string[]; issuer?: string; isForged?: boolean; ageS?: number },
  ): Promise<string>
  close(): Promise<void>
}

/** Starts the provider. */
export async function startFakeIssuer(): Promise<FakeIssuer> {
  const published = await generateKeyPair('ES256')
  const other = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(published.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  const server = createServer((request, response) => {
    const document = request.url?.startsWith('/.well-known/')
      ? { issuer: url, jwks_uri: `${url}/keys` }
      : { keys: [jwk] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    issue: async (claims, { audience = 'freehold-console', issuer = url, isForged = false, ageS = 0 } = {}) => {
      const issuedAtS = Math.floor(Date.now() / 1000) - ageS
      return await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + 3600)
        .sign(isForged ? other.privateKey : published.privateKey)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
