import { createHash } from 'node:crypto'
import {
  type Contract,
  type ContractFinding,
  catalogErrors,
  type EventCompatibility,
} from '@freehold/contracts-catalog'
import { Problem } from '@freehold/service'
import type { z } from 'zod'
import { getContractDocument, listReleasedContracts } from '../../store/releases.ts'
import type { Store } from '../../store/schema.ts'
import { compareEventSchemas } from '../compatibility/compare-event-schemas.ts'
import { compareOpenApi, openApiFault } from '../compatibility/compare-open-api.ts'
import { canonical } from '../configuration/check-value.ts'
import { compareVersions, mayBreak } from './versions.ts'

/** Findings of all contracts of a release, and those among them that its version does not allow. */
export interface ContractCheck {
  findings: ContractFinding[]
  refused: ContractFinding[]
}

type Compatibility = z.output<typeof EventCompatibility>

/** How much is kept of the findings of one release, as JSON; what breaks comes first. The event carries them too. */
const findingsLengthMax = 60_000

/** Throws the Problem contractInvalid when a contract cannot be read or is there twice. */
export function requireReadable(contracts: Contract[]): void {
  const seen = new Set<string>()
  const errors = contracts.flatMap(({ kind, name, document }, index) => {
    const key = `${kind} ${name}`
    const fault = seen.has(key) ? 'is there twice' : kind === 'openapi' ? openApiFault(document) : undefined
    seen.add(key)
    return fault === undefined ? [] : [{ pointer: `/body/contracts/${index}`, detail: `${key}: ${fault}` }]
  })
  if (errors.length > 0) {
    throw new Problem(catalogErrors.contractInvalid, { detail: errors[0]?.detail, errors })
  }
}

/**
 * Compares the contracts with those of the highest earlier release that has them; events by the service's own rule. A
 * breaking change of an API needs a version that may break; one of an event a new type.
 */
export async function checkContracts(
  store: Store,
  serviceId: string,
  version: string,
  contracts: Contract[],
  compatibility: Compatibility,
): Promise<ContractCheck> {
  requireReadable(contracts)
  const earlier = (await listReleasedContracts(store, serviceId))
    .filter((release) => compareVersions(release.version, version) < 0)
    .sort((left, right) => compareVersions(left.version, right.version))
  const findings: ContractFinding[] = []
  for (const contract of contracts) {
    const releases = earlier.filter(({ contracts: entries }) =>
      entries.some(({ kind, name }) => kind === contract.kind && name === contract.name),
    )
    const digest = digestOf(contract.document)
    const others = releases.filter(
      (release) => release.contracts.find((entry) => isSame(entry, contract))?.digest !== digest,
    )
    // What is as it was in the newest of them breaks nothing that was not broken before.
    if (others.at(-1) === releases.at(-1) || compatibility.endsWith('Transitive')) {
      const compared = contract.kind === 'openapi' || !compatibility.endsWith('Transitive') ? others.slice(-1) : others
      findings.push(...(await compareContract(store, serviceId, contract, compared, compatibility)))
    }
  }
  findings.push(...findRemoved(earlier.at(-1), contracts))
  findings.sort((left, right) => left.severity.localeCompare(right.severity))
  const kept = keepFirst(findings)
  return { findings: kept, refused: kept.filter((finding) => isRefused(finding, version)) }
}

function keepFirst(findings: ContractFinding[]): ContractFinding[] {
  let length = 0
  const end = findings.findIndex((finding) => {
    length += Buffer.byteLength(JSON.stringify(finding))
    return length > findingsLengthMax
  })
  // One that is too long alone is still the word that refuses the release.
  return end === -1 ? findings : end === 0 ? findings.slice(0, 1).map(shorten) : findings.slice(0, end)
}

function shorten(finding: ContractFinding): ContractFinding {
  return { ...finding, pointer: finding.pointer.slice(0, 1000), why: finding.why.slice(0, 1000) }
}

function isSame(left: Pick<Contract, 'kind' | 'name'>, right: Pick<Contract, 'kind' | 'name'>): boolean {
  return left.kind === right.kind && left.name === right.name
}

async function compareContract(
  store: Store,
  serviceId: string,
  { kind, name, document }: Contract,
  releases: { version: string }[],
  compatibility: Compatibility,
): Promise<ContractFinding[]> {
  const earlier: { version: string; schema: Record<string, unknown> }[] = []
  for (const { version } of releases) {
    earlier.push({ version, schema: await getContractDocument(store, serviceId, version, { kind, name }) })
  }
  const contract = `${kind} ${name}`
  return kind === 'openapi'
    ? earlier.flatMap(({ version, schema }) =>
        compareOpenApi(schema, document).map((finding) => ({
          ...finding,
          contract,
          against: version,
          side: 'api' as const,
        })),
      )
    : compareEventSchemas(earlier, document, compatibility).map((finding) => ({ ...finding, contract }))
}

function findRemoved(
  newest: { version: string; contracts: Pick<Contract, 'kind' | 'name'>[] } | undefined,
  contracts: Contract[],
): ContractFinding[] {
  return (newest?.contracts ?? [])
    .filter((entry) => !contracts.some((contract) => isSame(entry, contract)))
    .map(({ kind, name }) => ({
      contract: `${kind} ${name}`,
      against: newest?.version ?? '',
      side: 'api',
      pointer: '',
      rule: 'contract-removed',
      severity: 'breaking',
      why: 'the contract is gone, and with it what was promised to those who keep to it',
    }))
}

/** Old and new events lie in one topic, whatever the version; callers of an API choose theirs. */
function isRefused({ severity, side, against }: ContractFinding, version: string): boolean {
  return severity === 'breaking' && (side !== 'api' || !mayBreak(against, version))
}

/** Returns the digest of a JSON value, whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonical(value)).digest('hex')}`
}
