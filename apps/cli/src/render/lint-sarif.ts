import type { Finding, LintedRule, LintOutcome } from '@freehold/migrations/engine'
import packageJson from '../../package.json' with { type: 'json' }

/** Renders the findings as SARIF 2.1.0, which code scanning services read; what is ignored is in it, with its reason. */
export function renderLintSarif(outcome: LintOutcome, rules: readonly LintedRule[]): string {
  const indexes = new Map(rules.map(({ name }, index) => [name, index]))
  const resultOf = (finding: Finding) => ({
    ruleId: finding.rule,
    ruleIndex: indexes.get(finding.rule) ?? -1,
    level: finding.severity,
    message: { text: `${finding.message}. ${finding.why} ${finding.remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: finding.file.split('/').map(encodeURIComponent).join('/') },
          region: { startLine: finding.line, startColumn: finding.column },
        },
      },
    ],
  })
  const run = {
    tool: {
      driver: {
        name: 'freehold',
        version: packageJson.version,
        rules: rules.map(({ name, severity, title, why, remedy }) => ({
          id: name,
          shortDescription: { text: title },
          fullDescription: { text: why },
          help: { text: remedy },
          defaultConfiguration: { level: severity },
        })),
      },
    },
    columnKind: 'unicodeCodePoints',
    results: [
      ...outcome.findings.map(resultOf),
      ...outcome.suppressed.map((finding) => ({
        ...resultOf(finding),
        suppressions: [{ kind: 'inSource', justification: finding.reason }],
      })),
    ],
  }
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }
  return `${JSON.stringify(log, null, 2)}\n`
}
