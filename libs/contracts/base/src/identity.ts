// How callers are known: whoever publishes keys and signs tokens answers these routes, and every service asks them.

import { z } from 'zod'
import { defineRoute, type Role } from './route.ts'

/** The audience of every token; one for another audience opens nothing here. */
export const tokenAudience = 'freehold'

/** Who calls. */
export interface Caller {
  readonly subject: string
  /** By service, `*` for the platform with all its services. */
  readonly roles: Readonly<Record<string, Role>>
}

/** A public Ed25519 key as RFC 8037 has it. */
export const PublicKey = z
  .object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    kid: z.string(),
    use: z.literal('sig').optional(),
    alg: z.literal('EdDSA').optional(),
  })
  .meta({ id: 'PublicKey' })
export type PublicKey = z.infer<typeof PublicKey>

/** The routes of the service that knows who is who. */
export const identityRoutes = {
  listKeys: defineRoute({
    method: 'GET',
    path: '/.well-known/jwks.json',
    summary: 'Lists the public keys that tokens are signed with',
    access: 'public',
    response: { 200: z.object({ keys: z.array(PublicKey) }) },
    problems: [],
  }),
  issueToken: defineRoute({
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Issues a short-lived token for an API key',
    access: 'public',
    body: z.object({ apiKey: z.string().min(1).max(512) }),
    response: { 201: z.object({ token: z.string(), expiresAt: z.iso.datetime() }) },
    problems: [
      {
        code: 'FHD_REQUEST_API_KEY_INVALID',
        status: 401,
        title: 'The API key is not valid.',
        hint: 'ask an owner of the platform for a key; one that was revoked stays so',
      },
    ],
  }),
}
