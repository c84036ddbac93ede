import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { EventType, SemanticVersion, ServiceId } from './identifiers.ts'

const Document = z.record(z.string(), z.unknown())
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** What a contract describes: the HTTP API of a service, or the data of one of its events. */
export const ContractKind = z.enum(['openapi', 'event'])

/** Name of a contract: of an API a word of your choice, of an event its type. */
export const ContractName = EventType

/** A contract with its document. */
export const Contract = z
  .strictObject({
    kind: ContractKind,
    name: ContractName,
    document: Document.describe('OpenAPI 3.0 or 3.1, or JSON Schema'),
  })
  .meta({ id: 'Contract' })
export type Contract = z.output<typeof Contract>

/** A contract of a release; its document never changes, so that the digest stands for it. */
export const ContractEntry = z
  .object({ kind: ContractKind, name: ContractName, digest: Digest })
  .meta({ id: 'ContractEntry' })

/** One way in which a new contract fails, or may fail, those who keep to an earlier one. */
export const ContractFinding = z
  .object({
    contract: z.string(),
    /** The release that the contract was compared with. */
    against: z.string(),
    side: z.enum(['api', 'backward', 'forward']),
    pointer: z.string(),
    rule: z.string(),
    severity: z.enum(['breaking', 'risky']),
    why: z.string(),
  })
  .meta({ id: 'ContractFinding' })
export type ContractFinding = z.output<typeof ContractFinding>

/** A migration of a release, by Prisma's name and checksum. */
export const MigrationChecksum = z
  .strictObject({
    id: z.string().regex(/^[\x20-\x7e]{1,150}$/, 'at most 150 letters of ASCII'),
    checksum: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ id: 'MigrationChecksum' })

const fields = {
  version: SemanticVersion,
  revision: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/)
    .describe('Revision in git'),
  artefact: z.string().min(1).max(500).describe('What is deployed: an image by its digest, an archive'),
  migrations: z.array(MigrationChecksum).max(1500),
}

/** A release as it is registered. */
export const ReleaseRegistration = z.strictObject({
  ...fields,
  contracts: z.array(Contract).max(200).default([]),
  migrations: fields.migrations.default([]),
})

/** A release; none of it ever changes. */
export const Release = z
  .object({
    serviceId: ServiceId,
    ...fields,
    digest: Digest,
    contracts: z.array(ContractEntry),
    /** What was found, and allowed by the version, when the release was registered. */
    findings: z.array(ContractFinding),
    registeredBy: z.string(),
    registeredAt: Time,
  })
  .meta({ id: 'Release' })
export type Release = z.output<typeof Release>
