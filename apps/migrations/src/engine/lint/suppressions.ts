/** `-- freehold: lint-ignore <rule>[, <rule>] "<reason>"` before a statement: the author has thought about it. */
import type { Lines } from '../parse/parse-migration.ts'
import { SqlSyntaxError, scanSql, type Token } from '../parse/parser.ts'
import type { Statement } from '../parse/statement.ts'
import type { Collected, Collector } from './collect-findings.ts'
import { fileRules } from './file-rules.ts'
import type { Finding, Suppressed } from './lint-outcome.ts'
import { rules } from './rules/index.ts'

export interface Suppression {
  line: number
  column: number
  /** The statement that it stands before. */
  statement: Statement | undefined
  rules: string[]
  reason: string
  /** What is wrong with it. */
  fault: string | undefined
}

const directive = /^--\s*freehold:\s*lint-ignore\b\s*(.*?)\s*$/is

/** Returns the suppressions of the file; none for one that does not parse. */
export function readSuppressions(text: string, statements: Statement[], lines: Lines): Suppression[] {
  if (!/lint-ignore/i.test(text)) {
    return []
  }
  return tokensOf(text).flatMap((token) => {
    const rest = token.isComment ? directive.exec(token.text)?.[1] : undefined
    if (rest === undefined) {
      return []
    }
    const statement = statements.find(({ start }) => start > token.start)
    const place = { line: lines.lineAt(token.start), column: lines.columnAt(token.start) }
    return [{ ...place, statement, ...parseSuppression(rest) }]
  })
}

function tokensOf(text: string): Token[] {
  try {
    return scanSql(text)
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      // The file has been reported as one that does not parse.
      return []
    }
    throw error
  }
}

const known = new Set(rules.map(({ name }) => name))

function parseSuppression(rest: string): Pick<Suppression, 'rules' | 'reason' | 'fault'> {
  const [, list = '', , reason = ''] = /^([^"]*?)\s*("(.*)")?$/s.exec(rest) ?? []
  const named = list.split(/[\s,]+/).filter((name) => name !== '')
  const unknown = named.filter((name) => !known.has(name))
  const fault =
    named.length === 0
      ? 'it names no rule'
      : unknown.length > 0
        ? `there is no rule ${unknown.join(', ')}`
        : reason.trim() === ''
          ? 'it gives no reason'
          : undefined
  return { rules: named, reason: reason.trim(), fault }
}

/** Divides the findings by the suppressions, and reports those of these that are of no use. */
export function judgeSuppressions(
  collected: Collected[],
  suppressions: Suppression[],
  collector: Collector,
): { findings: Finding[]; suppressed: Suppressed[] } {
  const used = new Set<string>()
  const findings: Finding[] = []
  const suppressed: Suppressed[] = []
  for (const { finding, statement } of collected) {
    const by = suppressions.find(
      (each) => each.fault === undefined && each.statement === statement && each.rules.includes(finding.rule),
    )
    if (by === undefined || statement === undefined) {
      findings.push(finding)
    } else {
      used.add(useOf(by, finding.rule))
      suppressed.push({ ...finding, reason: by.reason })
    }
  }
  for (const each of suppressions) {
    const idle = each.rules.filter((rule) => !used.has(useOf(each, rule)))
    const fault =
      each.fault ?? (idle.length === 0 ? undefined : `${idle.join(', ')} reports nothing of the statement behind it`)
    if (fault !== undefined) {
      findings.push(collector.findingAt(fileRules.suppression, each, `lint-ignore: ${fault}`))
    }
  }
  findings.sort((one, other) => one.line - other.line || one.column - other.column)
  return { findings, suppressed }
}

function useOf({ line, column }: Suppression, rule: string): string {
  return `${line}:${column}:${rule}`
}
