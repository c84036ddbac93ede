// Finds what a new OpenAPI document breaks for those who call by the earlier one. Requests: what was accepted has to be
// accepted. Responses: what is answered has to be what was promised.

import { compareOperations } from './compare-operations.ts'
import { openSession } from './compare-schemas.ts'
import { below, type Finding } from './finding.ts'
import { follow, isObject, type JsonObject, ReferenceFault } from './resolve-schema.ts'

/** One operation of a document. */
export interface Operation {
  document: JsonObject
  operation: JsonObject
  pointer: string
  /** The parameters of the path item and of the operation; those of the operation win. */
  parameters: { parameter: JsonObject; pointer: string }[]
  /** The names in the path, in its order: parameters in the path are told apart by place, not by name. */
  pathNames: string[]
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/** Returns why the value is no OpenAPI document that can be compared; undefined when it is one. */
export function openApiFault(document: unknown): string | undefined {
  if (!isObject(document) || typeof document['openapi'] !== 'string' || !/^3\.[01]\.\d+/.test(document['openapi'])) {
    return 'openapi should be 3.0 or 3.1'
  }
  const paths = document['paths']
  if (paths !== undefined && !isObject(paths)) {
    return 'paths should be a map'
  }
  const names = Object.keys(paths ?? {})
  if (names.some((name) => !name.startsWith('/'))) {
    return 'a path begins with /'
  }
  return new Set(names.map(pathShape)).size < names.length
    ? 'two paths differ in nothing but parameters’ names'
    : undefined
}

/** Returns every way in which the later document breaks, or may break, callers of the earlier one. */
export function compareOpenApi(earlier: JsonObject, later: JsonObject): Finding[] {
  const findings: Finding[] = []
  const session = openSession()
  const laterOperations = operationsOf(later, findings)
  for (const [key, before] of operationsOf(earlier, [])) {
    const after = laterOperations.get(key)
    if (after === undefined) {
      const why = `${key} is gone: whoever calls it gets 404 or 405`
      findings.push({ pointer: before.pointer, rule: 'operation-removed', severity: 'breaking', why })
      continue
    }
    findings.push(...guarded(before, () => compareOperations(before, after, session)))
  }
  return unique(findings)
}

function guarded(before: Operation, work: () => Finding[]): Finding[] {
  try {
    return work()
  } catch (error) {
    if (error instanceof ReferenceFault) {
      const pointer = error.pointer === '' ? before.pointer : error.pointer
      return [{ pointer, rule: 'reference-unresolved', severity: 'breaking', why: error.message }]
    }
    throw error
  }
}

/** A component that many operations use is found in each of them; it is told once. */
function unique(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((each) => [`${each.pointer}\0${each.rule}\0${each.why}`, each])).values()]
}

function pathShape(path: string): string {
  return path.replace(/\{[^}]*\}/g, '{}')
}

/** Returns the operations of a document by `GET /orders/{}`. */
function operationsOf(document: JsonObject, findings: Finding[]): Map<string, Operation> {
  const operations = new Map<string, Operation>()
  for (const [path, rawItem] of Object.entries((document['paths'] as JsonObject | undefined) ?? {})) {
    try {
      const item = follow(document, rawItem, below('/paths', path))
      if (!isObject(item.value)) {
        continue
      }
      for (const method of methods) {
        const operation = item.value[method]
        if (isObject(operation)) {
          const pointer = below(item.pointer, method)
          operations.set(`${method.toUpperCase()} ${pathShape(path)}`, {
            document,
            operation,
            pointer,
            parameters: parametersOf(document, item.value, item.pointer, operation, pointer),
            pathNames: [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? ''),
          })
        }
      }
    } catch (error) {
      if (!(error instanceof ReferenceFault)) {
        throw error
      }
      findings.push({
        pointer: error.pointer,
        rule: 'reference-unresolved',
        severity: 'breaking',
        why: error.message,
      })
    }
  }
  return operations
}

function parametersOf(
  document: JsonObject,
  item: JsonObject,
  itemPointer: string,
  operation: JsonObject,
  pointer: string,
): Operation['parameters'] {
  const listed = (owner: JsonObject, at: string) =>
    (Array.isArray(owner['parameters']) ? owner['parameters'] : []).map((each, index) =>
      follow(document, each, below(at, 'parameters', index)),
    )
  const byKey = new Map<string, Operation['parameters'][number]>()
  for (const { value, pointer: at } of [...listed(item, itemPointer), ...listed(operation, pointer)]) {
    if (isObject(value)) {
      byKey.set(`${value['in']} ${value['name']}`, { parameter: value, pointer: at })
    }
  }
  return [...byKey.values()]
}
