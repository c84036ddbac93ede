// Who calls: a short-lived token, signed with EdDSA by the service that knows. Denied unless every check passes.

import { baseProblems, type Caller, type PublicKey, type Role, roles, tokenAudience } from '@freehold/contracts-base'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  type JWK,
  type JWTPayload,
  errors as joseErrors,
  jwtVerify,
} from 'jose'
import { tokenLifetimeMaxS, verifiedTokensMax } from '../limits.ts'
import { Problem } from '../problem.ts'
import type { KeySource } from './key-source.ts'

export interface TokenVerifier {
  /** Returns who the token says calls. Throws a Problem that says why it is not believed. */
  verify(token: string): Promise<Caller>
}

const clockToleranceS = 5

/** Returns a verifier by the keys of the source. */
export function createTokenVerifier(source: Pick<KeySource, 'read' | 'refresh'>, now = Date.now): TokenVerifier {
  const verified = new Map<string, { caller: Caller; expiresAtMs: number; keys: PublicKey[] }>()

  const remember = (token: string, caller: Caller, expiresAtMs: number, keys: PublicKey[]): void => {
    if (verified.size >= verifiedTokensMax) {
      // A Map is in the order of insertion: the first has been here longest.
      verified.delete(verified.keys().next().value as string)
    }
    verified.set(token, { caller, expiresAtMs, keys })
  }

  return {
    async verify(token) {
      const keys = await findKeys(source, token)
      const before = verified.get(token)
      // A key that is gone from the set takes along what it signed.
      if (before !== undefined && before.keys === keys && before.expiresAtMs > now()) {
        return before.caller
      }
      const payload = await checkToken(token, keys, new Date(now()))
      const caller = toCaller(payload)
      remember(token, caller, (payload.exp as number) * 1000, keys)
      return caller
    },
  }
}

/** Returns the keys that are known; asks for them once more if the token's is not among them. */
async function findKeys(source: Pick<KeySource, 'read' | 'refresh'>, token: string): Promise<PublicKey[]> {
  const kid = readKid(token)
  let keys = await source.read()
  if (keys !== undefined && !keys.some((key) => key.kid === kid)) {
    keys = await source.refresh()
  }
  if (keys === undefined) {
    throw new Problem(baseProblems.keysUnavailable, { retryAfterMs: 5000 })
  }
  return keys
}

function readKid(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token)
    if (typeof kid === 'string') {
      return kid
    }
  } catch (error) {
    throw refuse('it is not a JSON Web Token', error)
  }
  throw refuse('it does not name its key')
}

async function checkToken(token: string, keys: PublicKey[], currentDate: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: keys as JWK[] }), {
      algorithms: ['EdDSA'],
      audience: tokenAudience,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: clockToleranceS,
      currentDate,
    })
    if ((payload.exp as number) - (payload.iat as number) > tokenLifetimeMaxS) {
      throw refuse(`it is valid for longer than ${tokenLifetimeMaxS} s`)
    }
    return payload
  } catch (error) {
    if (error instanceof Problem) {
      throw error
    }
    throw refuse(reasonOf(error), error)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) {
    return 'it has expired'
  }
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    return `its claim ${error.claim} is missing or wrong`
  }
  if (error instanceof joseErrors.JWKSNoMatchingKey) {
    return 'its key is not known'
  }
  return 'its signature does not verify'
}

function toCaller({ sub, roles: granted }: JWTPayload): Caller {
  if (typeof sub !== 'string' || sub === '') {
    throw refuse('its claim sub is missing or wrong')
  }
  // A role that this version does not know grants nothing.
  const entries = Object.entries(granted !== null && typeof granted === 'object' ? granted : {}).filter(
    (entry): entry is [string, Role] => (roles as readonly unknown[]).includes(entry[1]),
  )
  return { subject: sub, roles: Object.fromEntries(entries) }
}

function refuse(reason: string, cause?: unknown): Problem {
  return new Problem(baseProblems.tokenInvalid, { detail: `The token is not valid: ${reason}.`, cause })
}
