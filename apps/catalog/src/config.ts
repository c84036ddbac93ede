import { roles } from '@freehold/contracts-base'
import { baseConfig, sealingKeys } from '@freehold/service'
import { z } from 'zod'

const groupRoles = z.string().transform((text, context) => {
  try {
    return z.record(z.string(), z.record(z.string(), z.enum(roles))).parse(JSON.parse(text))
  } catch {
    // The text is not repeated, nor what is wrong in it: names of groups may say much.
    context.addIssue({
      code: 'custom',
      message: 'is not JSON as {"group":{"service or *":"viewer, operator or owner"}}',
    })
    return z.NEVER
  }
})

const https = z.url({ protocol: /^https?$/, error: 'is no URL that begins with https://' })

/** The catalog's settings. */
export const catalogConfig = baseConfig.extend({
  CATALOG_URL: baseConfig.shape.CATALOG_URL.optional().describe('Not used: this is the service that it names'),
  CONFIG_KEY: sealingKeys.describe(
    'name:key, 32 bytes in base64: what secrets and signing keys are sealed with; older ones after commas open what they sealed',
  ),
  BOOTSTRAP_API_KEY: z
    .string()
    .regex(/^fhk_[A-Za-z0-9_-]{43}$/, { error: 'is not fhk_ and 32 random bytes in base64url' })
    .optional()
    .describe('Opens the platform as its owner, until it is revoked'),
  TOKEN_LIFETIME_S: z.coerce.number().int().min(30).max(600).default(300).describe('How long a token is valid'),
  SIGNING_KEY_LIFETIME_H: z.coerce.number().int().min(1).max(8760).default(720).describe('When tokens get a new key'),
  OIDC_ISSUER: https.optional().describe('Whose ID tokens people may sign in with'),
  OIDC_AUDIENCE: z.string().min(1).max(300).optional().describe('The client that the ID tokens are made for'),
  OIDC_SUBJECT_CLAIM: z.string().min(1).max(100).default('sub').describe('The claim that names a person'),
  OIDC_GROUPS_CLAIM: z.string().min(1).max(100).default('groups').describe('The claim that lists a person’s groups'),
  OIDC_GROUP_ROLES: groupRoles.default({}).describe('The roles of groups, as {"group":{"service or *":"role"}}'),
})
export type CatalogConfig = z.output<typeof catalogConfig>
