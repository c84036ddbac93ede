import { roles, Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { ServiceId } from './identifiers.ts'

/** Roles by service; `*` is the platform with all its services. */
export const Roles = z.record(z.union([ServiceId, z.literal('*')]), z.enum(roles)).meta({ id: 'Roles' })
export type Roles = z.output<typeof Roles>

/** Whether a key belongs to a person or to a service. Subjects of people begin with `person:`, others are services' names. */
export const KeyKind = z.enum(['person', 'service'])

/** Name of a person: what follows `person:` in the subject of tokens. Those of an issuer's people have a slash in theirs. */
export const PersonName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,119}$/, 'letters, digits and . _ @ + -')

/** A key as it is asked for; `self` is for whoever asks. */
export const ApiKeyRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('self'),
    roles: Roles.optional().describe('At most the caller’s own, which it has where this is left out'),
    note: z.string().max(200).default(''),
    expiresAt: Time.optional(),
  }),
  z.strictObject({
    kind: z.literal('person'),
    person: PersonName,
    roles: Roles,
    note: z.string().max(200).default(''),
    expiresAt: Time.optional(),
  }),
  z.strictObject({
    kind: z.literal('service'),
    service: ServiceId,
    roles: Roles.default({}).describe('Beside the role operator on itself, which every service has'),
    note: z.string().max(200).default(''),
    expiresAt: Time.optional(),
  }),
])

/** A key without what opens with it. */
export const ApiKey = z
  .object({
    id: z.uuid(),
    /** The first characters of the key, by which its holder knows it again. */
    prefix: z.string(),
    kind: KeyKind,
    subject: z.string(),
    roles: Roles,
    note: z.string(),
    createdBy: z.string(),
    createdAt: Time,
    expiresAt: Time.nullable(),
    revokedAt: Time.nullable(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.output<typeof ApiKey>
