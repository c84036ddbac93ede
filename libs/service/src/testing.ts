/** What the tests of a service need: tokens by a key of their own, and a configuration that fits. */

import { type Caller, type PublicKey, tokenAudience } from '@freehold/contracts-base'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type BaseConfig, baseConfig, loadConfig } from './config.ts'
import { createTokenVerifier, type TokenVerifier } from './identification/token-verifier.ts'

export interface TestIssuer {
  /** Believes what this issuer signs, without a network; give it to createApp. */
  verifier: TokenVerifier
  /** The keys that a service would fetch. */
  keys: PublicKey[]
  /** Returns a token of the subject with the roles, by service or `*`. */
  issueToken(
    subject: string,
    roles?: Caller['roles'],
    options?: { lifetimeS?: number; audience?: string },
  ): Promise<string>
  /** Returns the header that carries such a token. */
  authorize(subject: string, roles?: Caller['roles']): Promise<{ authorization: string }>
}

/** Returns an issuer with a key that nobody else knows. */
export async function createTestIssuer(kid = 'test'): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const { x } = await exportJWK(publicKey)
  const keys: PublicKey[] = [{ kty: 'OKP', crv: 'Ed25519', x: x as string, kid, alg: 'EdDSA', use: 'sig' }]
  const issueToken: TestIssuer['issueToken'] = (subject, roles = {}, options = {}) => {
    const nowS = Math.floor(Date.now() / 1000)
    return new SignJWT({ roles })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setSubject(subject)
      .setAudience(options.audience ?? tokenAudience)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + (options.lifetimeS ?? 300))
      .sign(privateKey)
  }
  const read = async (): Promise<PublicKey[]> => keys
  return {
    verifier: createTokenVerifier({ read, refresh: read }),
    keys,
    issueToken,
    async authorize(subject, roles) {
      return { authorization: `Bearer ${await issueToken(subject, roles)}` }
    },
  }
}

/** Returns a configuration that asks nothing of the surroundings: a free port, a silent log, addresses where nobody is. */
export function testConfig(settings: Partial<Record<keyof BaseConfig, string>> = {}): BaseConfig {
  return loadConfig(baseConfig, {
    PORT: '0',
    LOG_LEVEL: 'silent',
    INSTANCE: 'test',
    // A busy machine makes any event loop lag; only tests of shedding want that refused.
    EVENT_LOOP_LAG_MAX_MS: '0',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    EVENTS_URL: 'postgresql://nobody@127.0.0.1:1/none',
    CATALOG_URL: 'http://127.0.0.1:1',
    ...settings,
  })
}
