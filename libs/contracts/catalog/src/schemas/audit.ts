import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { Json } from './identifiers.ts'

/** One change: who made it, when, to what, and what was there before and after. Never a secret. */
export const AuditEntry = z
  .object({
    /** Counts from 1 without gaps. */
    position: z.int(),
    at: Time,
    actor: z.string(),
    action: z.string(),
    /** The service that was changed; null for the platform. */
    serviceId: z.string().nullable(),
    subject: z.string(),
    before: Json,
    after: Json,
    /** The trace of the request, which the logs of every service that it touched carry too. */
    traceId: z.string().nullable(),
    /** SHA-256 over this entry and the hash of the one before it. */
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.output<typeof AuditEntry>

/** What a check of the whole chain of hashes found. */
export const AuditVerification = z
  .object({
    intact: z.boolean(),
    entries: z.int(),
    /** The first position that does not follow from the one before it; null when the chain is whole. */
    brokenAt: z.int().nullable(),
    /** The hash of the last entry: kept elsewhere, it proves later that nothing before it was changed. */
    head: z.string(),
  })
  .meta({ id: 'AuditVerification' })
