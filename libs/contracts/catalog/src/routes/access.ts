import { defineRoute, identityRoutes, pageOf, pageQuery, Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { catalogErrors as errors } from '../errors.ts'
import { AuditEntry, AuditVerification } from '../schemas/audit.ts'
import { ServiceId } from '../schemas/identifiers.ts'
import { ApiKey, ApiKeyRequest } from '../schemas/identity.ts'

/** Keys, tokens, and the audit log. */
export const accessRoutes = {
  ...identityRoutes,
  signIn: defineRoute({
    method: 'POST',
    path: '/v1/sign-ins',
    summary: 'Issues a short-lived token for an ID token of the issuer that the platform trusts',
    access: 'public',
    body: z.strictObject({ idToken: z.string().min(1).max(16_384) }),
    response: { 201: z.object({ token: z.string(), expiresAt: Time, subject: z.string() }) },
    problems: [errors.signInNotOffered, errors.idTokenInvalid, errors.issuerUnreachable],
  }),
  listApiKeys: defineRoute({
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'Lists the caller’s own keys, and those of the services that the caller owns',
    access: 'authenticated',
    query: z.object(pageQuery),
    response: { 200: pageOf(ApiKey) },
    problems: [],
  }),
  createApiKey: defineRoute({
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Makes a key; it is shown this once',
    access: 'authenticated',
    body: ApiKeyRequest,
    response: { 201: z.object({ apiKey: z.string(), key: ApiKey }) },
    problems: [errors.grantTooWide, errors.keyLastsTooLong, errors.keysTooMany],
  }),
  revokeApiKey: defineRoute({
    method: 'DELETE',
    path: '/v1/api-keys/:keyId',
    summary: 'Revokes a key for good; tokens that were issued for it end within ten minutes',
    access: 'authenticated',
    params: z.object({ keyId: z.uuid() }),
    response: { 204: z.void() },
    problems: [errors.keyNotFound, errors.keyAboveCaller],
  }),
  listAuditEntries: defineRoute({
    method: 'GET',
    path: '/v1/audit-entries',
    summary: 'Lists every change on the platform, newest first',
    access: { role: 'viewer' },
    query: z.object({
      ...pageQuery,
      serviceId: ServiceId.optional(),
      actor: z.string().max(500).optional(),
      action: z.string().max(100).optional(),
    }),
    response: { 200: pageOf(AuditEntry) },
    problems: [],
  }),
  listServiceAuditEntries: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/audit-entries',
    summary: 'Lists the changes of one service, newest first',
    access: { role: 'viewer', service: 'serviceId' },
    params: z.object({ serviceId: ServiceId }),
    query: z.object(pageQuery),
    response: { 200: pageOf(AuditEntry) },
    problems: [errors.serviceNotFound],
  }),
  verifyAuditLog: defineRoute({
    method: 'GET',
    path: '/v1/audit-verification',
    summary: 'Checks the chain of hashes of the whole audit log',
    access: { role: 'viewer' },
    response: { 200: AuditVerification },
    problems: [],
  }),
}
