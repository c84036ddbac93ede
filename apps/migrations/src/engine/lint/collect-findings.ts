import { Lines } from '../parse/parse-migration.ts'
import { scanSql } from '../parse/parser.ts'
import type { Statement } from '../parse/statement.ts'
import type { Finding } from './lint-outcome.ts'
import type { Rule, Severity } from './rule.ts'

type Told = Pick<Rule, 'name' | 'severity' | 'why' | 'remedy'>

export interface Collected {
  finding: Finding
  /** Undefined for a finding that no statement has. */
  statement: Statement | undefined
}

interface Place {
  /** Offset in the statement, in bytes. */
  location?: number | undefined
  /** Position of the command in an ALTER TABLE. */
  command?: number | undefined
  severity?: Severity | undefined
}

/** Gathers what is found in one file, each with its place. */
export interface Collector {
  add(rule: Told, statement: Statement, message: string, place: Place): void
  addAt(rule: Told, at: { line: number; column: number }, message: string): void
  findingAt(rule: Told, at: { line: number; column: number }, message: string): Finding
  findings(): Collected[]
}

/** Returns the collector of a file's findings. */
export function createCollector(source: { file: string; migration: { id: string } }, text: string): Collector {
  const lines = new Lines(Buffer.from(text))
  const collected: Collected[] = []
  const findingAt = (rule: Told, { line, column }: { line: number; column: number }, message: string): Finding => ({
    rule: rule.name,
    severity: rule.severity,
    migrationId: source.migration.id,
    file: source.file,
    line,
    column,
    statement: '',
    message,
    why: rule.why,
    remedy: rule.remedy,
  })
  return {
    add(rule, statement, message, { location, command, severity }) {
      const within = location ?? (command === undefined ? 0 : startOfCommand(statement, command))
      const offset = statement.start + Math.max(within, 0)
      const place = { line: lines.lineAt(offset), column: lines.columnAt(offset) }
      const finding = { ...findingAt(rule, place, message), statement: statement.sql }
      finding.severity = severity ?? rule.severity
      collected.push({ finding: asAllowed(finding, statement), statement })
    },
    addAt: (rule, at, message) => collected.push({ finding: findingAt(rule, at, message), statement: undefined }),
    findingAt,
    findings: () => collected,
  }
}

/** With `allow-blocking` the statement runs as written, whatever its rule says that Freehold would do. */
function asAllowed(finding: Finding, statement: Statement): Finding {
  const reason = statement.directives.allowBlocking
  return reason === undefined
    ? finding
    : {
        ...finding,
        severity: 'warning',
        remedy: `Nothing, if the reason still holds: allow-blocking ("${reason}") lets Freehold run it as written where it finds no other way.`,
      }
}

/** Returns where the command of an ALTER TABLE starts: behind the table's name, or behind a comma outside brackets. */
function startOfCommand({ sql, node }: Statement, command: number): number {
  const tokens = scanSql(sql).filter(({ isComment }) => !isComment)
  const relation = 'AlterTableStmt' in node ? (node.AlterTableStmt.relation?.location ?? 0) : 0
  let at = tokens.findIndex(({ start }) => start >= relation) + 1
  while (tokens[at]?.text === '.' || tokens[at]?.text === '*') {
    at += tokens[at]?.text === '.' ? 2 : 1
  }
  let depth = 0
  let commas = command
  for (; commas > 0 && at < tokens.length; at += 1) {
    const text = tokens[at]?.text ?? ''
    depth += /^[([]$/.test(text) ? 1 : /^[)\]]$/.test(text) ? -1 : 0
    commas -= text === ',' && depth === 0 ? 1 : 0
  }
  return tokens[at]?.start ?? 0
}
