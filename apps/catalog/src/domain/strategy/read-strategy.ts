// Reads freehold.yaml. Each fault has the line and column that an editor would jump to, and where a key is unknown, the
// one that was probably meant. Size, depth and aliases are bounded, since the text comes from anybody.

import { type Strategy, StrategyFile, toStrategy } from '@freehold/contracts-catalog'
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { checkConfigurationSchema } from '../configuration/check-schema.ts'
import { checkValue, type ValueFault } from '../configuration/check-value.ts'
import { createPatternMatcher } from '../configuration/match-pattern.ts'
import { describeIssue } from './describe-issue.ts'

/** Longest file that is read. */
export const fileBytesMax = 65_536
/** Most anchors' uses in one file: each of them may stand for a large part of it. */
const aliasesMax = 50
/** Deepest nesting: the parser calls itself for each level. */
const depthMax = 40
const faultsMax = 50

/** One fault of a file; line and column count from 1. */
export interface FileFault {
  line: number
  column: number
  /** JSON pointer to the part at fault. */
  pointer: string
  detail: string
}

/** A strategy, or everything that is wrong with the file. */
export type ReadStrategy =
  | { outcome: 'read'; file: StrategyFile; strategy: Strategy }
  | { outcome: 'faulty'; faults: FileFault[] }

/** Returns the strategies that the text of a freehold.yaml asks for, or its faults in the order of the text. */
export function readStrategy(text: string): ReadStrategy {
  const early = checkSize(text)
  if (early !== undefined) {
    return { outcome: 'faulty', faults: [early] }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' })
  const syntax = [...document.errors, ...document.warnings].map(({ pos, message }) => at(lines, pos[0], '', message))
  if (syntax.length > 0) {
    return { outcome: 'faulty', faults: syntax.slice(0, faultsMax) }
  }
  const tooMuch = checkNodes(document, lines)
  if (tooMuch !== undefined) {
    return { outcome: 'faulty', faults: [tooMuch] }
  }
  const parsed = StrategyFile.safeParse(document.toJS({ maxAliasCount: aliasesMax * 10 }) ?? {})
  const faults = parsed.success
    ? [...checkLength(parsed.data), ...checkMeaning(parsed.data)]
    : parsed.error.issues.flatMap((issue) => describeIssue(issue))
  if (parsed.success && faults.length === 0) {
    return { outcome: 'read', file: parsed.data, strategy: toStrategy(parsed.data) }
  }
  const placed = faults
    .map(({ path, detail }) => at(lines, offsetOf(document, path), pointerOf(path), detail))
    .sort((left, right) => left.line - right.line || left.column - right.column)
  return { outcome: 'faulty', faults: placed.slice(0, faultsMax) }
}

/** Returns why the text is not even parsed: its length, or a nesting that the parser's own recursion would not bear. */
function checkSize(text: string): FileFault | undefined {
  if (Buffer.byteLength(text) > fileBytesMax) {
    return { line: 1, column: 1, pointer: '', detail: `the file is larger than ${fileBytesMax} bytes` }
  }
  for (const [index, line] of text.split('\n').entries()) {
    // Each level that opens on a line costs an indicator: - ? : [ {. Braces in a string count too, which is on the
    // safe side; no real file has as many on one line.
    const indicators = line.match(/[[{]|(?<=^|\s)[-?:](?=\s|$)/g)?.length ?? 0
    const indentation = line.search(/\S/)
    if (indicators > 200 || indentation > 400) {
      return { line: index + 1, column: 1, pointer: '', detail: 'the line nests too deeply' }
    }
  }
  const opened = text.match(/[[{]/g)?.length ?? 0
  return opened > 2000 ? { line: 1, column: 1, pointer: '', detail: 'the file has too many brackets' } : undefined
}

/** Returns the first node that must not be: an alias too many, one too deep, text that Postgres cannot store. */
function checkNodes(document: Document, lines: LineCounter): FileFault | undefined {
  let aliases = 0
  let fault: FileFault | undefined
  visit(document, (_, node, ancestors) => {
    if (isAlias(node)) {
      aliases += 1
      // An alias inside what is anchored multiplies; one level is all that a file of this size needs.
      const isNested = ancestors.some((each) => isNode(each) && (each as { anchor?: string }).anchor !== undefined)
      if (isNested || aliases > aliasesMax) {
        const detail = isNested ? 'an alias inside an anchored part' : `more than ${aliasesMax} aliases`
        fault = at(lines, node.range?.[0] ?? 0, '', detail)
        return visit.BREAK
      }
    }
    if (ancestors.length > depthMax * 2) {
      fault = at(lines, (isNode(node) ? node.range?.[0] : undefined) ?? 0, '', `nested more than ${depthMax} deep`)
      return visit.BREAK
    }
    if (isScalar(node) && typeof node.value === 'string' && (node.value.includes('\0') || !node.value.isWellFormed())) {
      fault = at(lines, node.range?.[0] ?? 0, '', 'a NUL character, or half of a surrogate pair')
      return visit.BREAK
    }
    return undefined
  })
  return fault
}

/** Aliases may stand for much more than the file's own length, and an event carries it all. */
function checkLength(file: StrategyFile): ValueFault[] {
  return Buffer.byteLength(JSON.stringify(file)) > fileBytesMax * 3
    ? [{ path: [], detail: `with every alias written out the file is larger than ${fileBytesMax * 3} bytes` }]
    : []
}

/** Checks what the shape of the file cannot say: the schema of the configuration, and its values against it. */
function checkMeaning({ config }: StrategyFile): ValueFault[] {
  const schema = config?.schema ?? {}
  const matches = createPatternMatcher()
  const inSchema = checkConfigurationSchema(schema, matches).map(({ path, detail }) => ({
    path: ['config', 'schema', ...path],
    detail,
  }))
  if (inSchema.length > 0) {
    return inSchema
  }
  return Object.entries(config?.values ?? {}).flatMap(([name, value]) => {
    const path = ['config', 'values', name]
    const setting = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
    if (setting === undefined) {
      return [{ path, detail: `${name} is not declared in config.schema.properties` }]
    }
    return setting.secret === true
      ? [{ path, detail: `${name} is a secret: set it with freehold config set, not in a file` }]
      : checkValue(value, setting, path, matches)
  })
}

/** Returns where in the text the part lies; for a key the key itself; for what is missing its nearest parent. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  const last = path.at(-1)
  const parent = path.length < 2 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (last !== undefined && isMap(parent)) {
    const pair = parent.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(last))
    const key = pair?.key
    if (isNode(key) && key.range) {
      return key.range[0]
    }
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isNode(node) && node.range) {
    return node.range[0]
  }
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1))
}

function at(lines: LineCounter, offset: number, pointer: string, detail: string): FileFault {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1), pointer, detail }
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
