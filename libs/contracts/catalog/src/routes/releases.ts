import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { catalogErrors as errors } from '../errors.ts'
import { SemanticVersion, ServiceId } from '../schemas/identifiers.ts'
import {
  Contract,
  ContractFinding,
  ContractKind,
  ContractName,
  Release,
  ReleaseRegistration,
} from '../schemas/release.ts'
import { EventCompatibility } from '../schemas/strategy.ts'

const service = z.object({ serviceId: ServiceId })
const release = service.extend({ version: SemanticVersion })
const viewer = { role: 'viewer', service: 'serviceId' } as const
const operator = { role: 'operator', service: 'serviceId' } as const
const Document = z.record(z.string(), z.unknown())

/** Releases of services, and their contracts. */
export const releaseRoutes = {
  registerRelease: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/releases',
    summary: 'Registers a release; the same one again is answered with 200',
    access: operator,
    params: service,
    body: ReleaseRegistration,
    response: { 200: Release, 201: Release },
    problems: [
      errors.serviceNotFound,
      errors.releaseExists,
      errors.contractInvalid,
      errors.contractBreaking,
      errors.migrationChanged,
    ],
  }),
  listReleases: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/releases',
    summary: 'Lists the releases of a service, newest first',
    access: viewer,
    params: service,
    query: z.object(pageQuery),
    response: { 200: pageOf(Release) },
    problems: [errors.serviceNotFound],
  }),
  getRelease: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/releases/:version',
    summary: 'Returns a release',
    access: viewer,
    params: release,
    response: { 200: Release },
    problems: [errors.serviceNotFound, errors.releaseNotFound],
  }),
  getContract: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/releases/:version/contracts/:kind/:name',
    summary: 'Returns the document of a release’s contract',
    access: viewer,
    params: release.extend({ kind: ContractKind, name: ContractName }),
    response: { 200: Document },
    problems: [errors.serviceNotFound, errors.releaseNotFound, errors.contractNotFound],
  }),
  checkContracts: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/contract-checks',
    summary: 'Compares contracts with those of the earlier releases, and changes nothing',
    access: viewer,
    params: service,
    body: z.strictObject({ version: SemanticVersion, contracts: z.array(Contract).max(200) }),
    response: {
      200: z.object({
        allowed: z.boolean().describe('Whether a release of this version may have these contracts'),
        findings: z.array(ContractFinding),
      }),
    },
    problems: [errors.serviceNotFound, errors.contractInvalid],
  }),
  compareContracts: defineRoute({
    method: 'POST',
    path: '/v1/contract-comparisons',
    summary: 'Compares two contracts that no service has to have',
    access: 'authenticated',
    body: z.strictObject({
      kind: ContractKind,
      earlier: Document,
      later: Document,
      compatibility: EventCompatibility.default('full').describe('For events'),
    }),
    response: { 200: z.object({ findings: z.array(ContractFinding) }) },
    problems: [errors.contractInvalid],
  }),
}
