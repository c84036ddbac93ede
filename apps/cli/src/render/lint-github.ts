import type { LintOutcome } from '@freehold/migrations/engine'
import { summaryOf } from './lint-text.ts'
import { printable } from './text.ts'

/** Renders the findings as workflow commands, which GitHub Actions shows beside the lines of a pull request. */
export function renderLintGithub(outcome: LintOutcome): string {
  const commands = { error: 'error', warning: 'warning', note: 'notice' }
  const lines = outcome.findings.map(({ file, line, column, severity, rule, message, why, remedy }) => {
    const properties = { file, line: String(line), col: String(column), title: `freehold ${rule}` }
    const listed = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`)
    return `::${commands[severity]} ${listed.join(',')}::${escapeText(`${message}\n${why}\n${remedy}`)}`
  })
  return `${[...lines, summaryOf(outcome)].join('\n')}\n`
}

function escapeText(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeText(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
