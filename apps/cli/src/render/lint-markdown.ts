import type { Finding, LintOutcome } from '@freehold/migrations/engine'
import { summaryOf } from './lint-text.ts'
import { oneLine } from './text.ts'

const shown = {
  error: 'Refused',
  warning: 'To think about',
  note: 'What Freehold does online by itself',
}

/** Renders the findings for a pull request: a table a severity, the explanation of each rule below. */
export function renderLintMarkdown(outcome: LintOutcome): string {
  const lines = ['### Migrations', '', summaryOf(outcome)]
  for (const severity of ['error', 'warning', 'note'] as const) {
    const findings = outcome.findings.filter((finding) => finding.severity === severity)
    if (findings.length > 0) {
      lines.push('', `#### ${shown[severity]}`, '', '| Where | What | Rule |', '|---|---|---|', ...findings.map(rowOf))
      lines.push('', ...explanations(findings))
    }
  }
  return `${lines.join('\n')}\n`
}

function rowOf({ file, line, message, rule }: Finding): string {
  return `| \`${cell(`${file}:${line}`)}\` | ${cell(message)} | ${rule} |`
}

function explanations(findings: Finding[]): string[] {
  const byRule = new Map(findings.map((finding) => [`${finding.rule}\n${finding.remedy}`, finding]))
  return [...byRule.values()].map(({ rule, why, remedy }) => `- **${rule}**: ${escapeHtml(why)} ${escapeHtml(remedy)}`)
}

const cellMax = 300

function cell(text: string): string {
  return escapeHtml(oneLine(text, cellMax)).replaceAll('|', '\\|')
}

/** Markdown takes what looks like a tag for one. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
