// People sign in with an ID token of the issuer that the configuration names: OpenID Connect Core 1.0, section 3.1.3.7.

import type { Caller, Role } from '@freehold/contracts-base'
import { roles as allRoles } from '@freehold/contracts-base'
import { catalogErrors } from '@freehold/contracts-catalog'
import { Problem } from '@freehold/service'
import { createRemoteJWKSet, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose'
import { issuedSubject } from './api-keys.ts'

export interface IssuerOptions {
  issuer: string
  audience: string
  subjectClaim: string
  groupsClaim: string
  groupRoles: Record<string, Record<string, Role>>
}

/** Returns whom an ID token speaks for, with the roles of the groups that it names. */
export type SignIn = (idToken: string) => Promise<Caller>

const discoveryTimeoutMs = 5000
/** A person's word is fresh: an ID token is made for signing in now. */
const tokenAgeMaxS = 600
const clockToleranceS = 30

/** Returns how people sign in with the issuer's tokens; it is asked for its keys when the first of them comes. */
export function createSignIn(options: IssuerOptions): SignIn {
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined
  return async (idToken) => {
    keys ??= createRemoteJWKSet(await discoverKeys(options.issuer), { timeoutDuration: discoveryTimeoutMs })
    const payload = await verify(idToken, keys, options)
    return toCaller(payload, options)
  }
}

async function discoverKeys(issuer: string): Promise<URL> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(discoveryTimeoutMs),
    })
    const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown }
    if (document.issuer !== issuer || typeof document.jwks_uri !== 'string') {
      throw new Error('the discovery document is that of another issuer, or names no keys')
    }
    return new URL(document.jwks_uri)
  } catch (cause) {
    throw new Problem(catalogErrors.issuerUnreachable, { retryAfterMs: 5000, cause })
  }
}

async function verify(
  idToken: string,
  keys: ReturnType<typeof createRemoteJWKSet>,
  { issuer, audience }: IssuerOptions,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience,
      // Never HS256: the client's secret is not the issuer's word. Never none.
      algorithms: ['EdDSA', 'ES256', 'ES384', 'PS256', 'RS256'],
      requiredClaims: ['sub', 'iat', 'exp'],
      maxTokenAge: tokenAgeMaxS,
      clockTolerance: clockToleranceS,
    })
    if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload['azp'] !== audience) {
      throw new Problem(catalogErrors.idTokenInvalid, { detail: 'The ID token was made for another client.' })
    }
    return payload
  } catch (error) {
    if (error instanceof Problem) {
      throw error
    }
    throw toProblem(error)
  }
}

function toProblem(error: unknown): Problem {
  const isAboutToken =
    error instanceof joseErrors.JOSEError &&
    !(error instanceof joseErrors.JWKSTimeout) &&
    !(error instanceof joseErrors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  return isAboutToken
    ? new Problem(catalogErrors.idTokenInvalid, { detail: `The ID token is not valid (${error.code}).`, cause: error })
    : new Problem(catalogErrors.issuerUnreachable, { retryAfterMs: 5000, cause: error })
}

function toCaller(payload: JWTPayload, { issuer, subjectClaim, groupsClaim, groupRoles }: IssuerOptions): Caller {
  const name = payload[subjectClaim]
  if (typeof name !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(name)) {
    throw new Problem(catalogErrors.idTokenInvalid, { detail: `The claim ${subjectClaim} does not name a person.` })
  }
  const claimed = payload[groupsClaim]
  const groups = Array.isArray(claimed) ? claimed : []
  const roles: Record<string, Role> = {}
  for (const group of groups) {
    const granted = typeof group === 'string' && Object.hasOwn(groupRoles, group) ? groupRoles[group] : {}
    for (const [scope, role] of Object.entries(granted ?? {})) {
      const held = roles[scope]
      if (held === undefined || allRoles.indexOf(role) > allRoles.indexOf(held)) {
        roles[scope] = role
      }
    }
  }
  return { subject: issuedSubject(issuer, name), roles }
}
