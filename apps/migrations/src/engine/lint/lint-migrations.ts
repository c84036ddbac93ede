/** Lints migrations from their text alone: no database, no clock, the same findings for the same files. */
import type { AlterTableCmd, Node, RangeVar } from '@pgsql/types'
import { Lines, parseMigration } from '../parse/parse-migration.ts'
import { fileOf, type Migration, type Statement } from '../parse/statement.ts'
import { searchPathIn, sessionSettings } from '../plan/session-settings.ts'
import { bodyOf, kindOf } from '../plan/syntax.ts'
import { Problem, problems } from '../problem.ts'
import { applyCommand } from './apply-command.ts'
import { applyStatement } from './apply-statement.ts'
import { type Collector, createCollector } from './collect-findings.ts'
import { fileRules } from './file-rules.ts'
import type { Finding, LintOutcome, Suppressed } from './lint-outcome.ts'
import { type LintUnit, type MigrationOutline, outlineOf, unitsOf } from './migration-outline.ts'
import { isInUse } from './relations.ts'
import type { Checks, Rule, Sight } from './rule.ts'
import { rules } from './rules/index.ts'
import { SchemaModel } from './schema-model.ts'
import { judgeSuppressions, readSuppressions } from './suppressions.ts'

/** A migration, where its file is, and whether it is to be reported on or only tells what the others stand on. */
export interface LintedFile {
  migration: Migration
  /** As findings name it. */
  file: string
  isReported: boolean
}

/** Returns what the rules find in the files, which are in the order in which they are run. */
export async function lintMigrations(files: LintedFile[], schema: string): Promise<LintOutcome> {
  const model = new SchemaModel(schema)
  const order = files.map(({ migration }) => migration.id)
  const findings: Finding[] = []
  const suppressed: Suppressed[] = []
  for (const file of files) {
    const found = await lintFile(file, model, order)
    if (file.isReported) {
      findings.push(...found.findings)
      suppressed.push(...found.suppressed)
    }
  }
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length
  return {
    migrations: files.filter(({ isReported }) => isReported).length,
    counts: { error: count('error'), warning: count('warning'), note: count('note') },
    findings,
    suppressed,
  }
}

async function lintFile(
  file: LintedFile,
  model: SchemaModel,
  order: string[],
): Promise<{ findings: Finding[]; suppressed: Suppressed[] }> {
  const text = file.migration.sql.replace(/^\uFEFF/, '')
  const collector = createCollector(file, text)
  const statements = await parseAround({ ...file.migration, sql: text }, collector)
  const units = unitsOf(statements)
  const outline = outlineOf(file.migration.id, units, order)
  const defaultPath = model.searchPath
  const settings = sessionSettings()
  for (const unit of units) {
    settings.absorb({ ...unit.statement, node: unit.node })
    model.searchPath = searchPathIn(settings.inForce()) ?? defaultPath
    lintUnit(unit, outline, model, collector)
  }
  for (const { rule, checks } of ending) {
    checks.end?.({
      schema: model,
      outline,
      inUse: (relation) => isInUse(relation, model, file.migration.id),
      report: (statement, message, at) => collector.add(rule, statement, message, { location: at?.location }),
    })
  }
  model.searchPath = defaultPath
  const suppressions = readSuppressions(text, statements, new Lines(Buffer.from(text)))
  return judgeSuppressions(collector.findings(), suppressions, collector)
}

/** Parses around a directive that says nothing: it becomes a finding, and the rest of the file is linted. */
async function parseAround(migration: Migration, collector: Collector): Promise<Statement[]> {
  let { sql } = migration
  // Each round takes one directive out, so it ends.
  for (;;) {
    try {
      return await parseMigration({ ...migration, sql })
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error
      }
      const { line = 1, column = 1 } = error.details
      const said = error.message.slice(fileOf(migration.id).length).replace(/^:[\d:]+ /, '')
      if (error.definition !== problems.directiveInvalid) {
        collector.addAt(fileRules.syntaxError, { line, column }, said)
        return []
      }
      collector.addAt(fileRules.directive, { line, column: 1 }, said)
      sql = withoutDirective(sql, line)
    }
  }
}

/** Turns the line's directives into common comments of the same length. */
function withoutDirective(sql: string, line: number): string {
  const lines = sql.split('\n')
  lines[line - 1] = (lines[line - 1] ?? '').replace(/freehold:/gi, 'freehold ')
  return lines.join('\n')
}

/** The rules that look at a kind of statement, so that a statement is shown to these alone. */
const rulesByKind = new Map<string, { rule: Rule; check: (body: unknown, sight: Sight) => void }[]>()
for (const rule of rules) {
  for (const [kind, check] of Object.entries(rule.checks)) {
    if (kind !== 'end') {
      const listed = rulesByKind.get(kind) ?? []
      listed.push({ rule, check: check as (body: unknown, sight: Sight) => void })
      rulesByKind.set(kind, listed)
    }
  }
}
const ending: { rule: Rule; checks: Checks }[] = rules
  .filter(({ checks }) => checks.end !== undefined)
  .map((rule) => ({ rule, checks: rule.checks }))

function lintUnit(unit: LintUnit, outline: MigrationOutline, model: SchemaModel, collector: Collector): void {
  const { node } = unit
  show(kindOf(node), bodyOf<unknown>(node, kindOf(node)), unit, { outline, model, collector })
  const alter = bodyOf<{ relation?: RangeVar; cmds?: Node[] }>(node, 'AlterTableStmt')
  if (alter === undefined) {
    applyStatement(node, model, outline.migrationId)
    return
  }
  for (const [position, each] of (alter.cmds ?? []).entries()) {
    const command = bodyOf<AlterTableCmd>(each, 'AlterTableCmd')
    if (command !== undefined && alter.relation !== undefined) {
      show('AlterTableCmd', command, unit, { outline, model, collector, relation: alter.relation, position })
      applyCommand(command, alter.relation, model, outline.migrationId)
    }
  }
}

interface Surroundings {
  outline: MigrationOutline
  model: SchemaModel
  collector: Collector
  relation?: RangeVar
  position?: number
}

function show(kind: string, body: unknown, unit: LintUnit, around: Surroundings): void {
  const { outline, model, collector, relation, position } = around
  const { statement, node, isGuarded } = unit
  for (const { rule, check } of rulesByKind.get(kind) ?? []) {
    check(body, {
      schema: model,
      outline,
      statement,
      node,
      relation,
      inUse: (table) => isInUse(table, model, outline.migrationId),
      report(message, at, severity) {
        // Inside a DO block the tree's offsets count from the start of the code's own statement.
        const place = isGuarded ? {} : { location: at?.location, command: position }
        collector.add(rule, statement, message, { ...place, severity })
      },
    })
  }
}
