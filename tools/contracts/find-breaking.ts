import { compareEventSchemas, compareOpenApi, type Finding } from '@freehold/catalog/compatibility'
import type { ContractFile } from './contract-files.ts'

type Document = Record<string, unknown>

/**
 * Returns what the new document breaks for those who keep to the earlier one. An event has to be readable both ways,
 * since old and new records lie in one topic; a file has to be readable by the new schema.
 */
export function findBreaking({ kind, document }: Pick<ContractFile, 'kind' | 'document'>, earlier: Document): string[] {
  const findings: Finding[] =
    kind === 'openapi'
      ? compareOpenApi(earlier, document)
      : kind === 'schema'
        ? compareEventSchemas([{ version: '', schema: earlier }], document, 'backward')
        : compareEvents(earlier, document)
  return findings
    .filter(({ severity }) => severity === 'breaking')
    .map(({ pointer, rule, why }) => `${pointer} ${rule}: ${why}`)
}

function compareEvents(earlier: Document, later: Document): Finding[] {
  const before = typesOf(earlier)
  const after = typesOf(later)
  return before.flatMap((type): Finding[] => {
    const pointer = `/$defs/${type}`
    if (!after.includes(type)) {
      const why = 'those who handle the event wait for it in vain'
      return [{ pointer, rule: 'event-removed', severity: 'breaking', why }]
    }
    // A schema of its own that refers to one event, so that the names it uses are found beside it.
    const only = (document: Document): Document => ({ $ref: `#${pointer}`, $defs: document['$defs'] })
    return compareEventSchemas([{ version: '', schema: only(earlier) }], only(later), 'full')
  })
}

function typesOf(document: Document): string[] {
  const alternatives = Array.isArray(document['oneOf']) ? (document['oneOf'] as { $ref: string }[]) : []
  return alternatives.map(({ $ref }) => $ref.slice('#/$defs/'.length))
}
