import type { Finding, LintOutcome } from '@freehold/migrations/engine'
import { labelled, oneLine, type Paint, printable } from './text.ts'

/** Renders the findings for people: place and message each, why and what to do at the first finding of each rule. */
export function renderLintText(outcome: LintOutcome, options: { paint: Paint; width: number }): string {
  const { paint, width } = options
  const explained = new Set<string>()
  const lines: string[] = []
  for (const finding of outcome.findings) {
    const { file, line, column, severity, message, rule, statement } = finding
    const place = `${file}:${line}:${column}`
    lines.push(
      `${printable(place)}: ${inColour(severity, paint)}: ${printable(message)} ${paint.dim(`[${rule}]`)}`,
      ...(statement === '' ? [] : [paint.dim(`    ${oneLine(statement, width - 4)}`)]),
      ...(explained.has(keyOf(finding)) ? [] : explain(finding, width)),
    )
    explained.add(keyOf(finding))
  }
  return `${[...lines, ...(lines.length === 0 ? [] : ['']), summaryOf(outcome)].join('\n')}\n`
}

/** With `allow-blocking` a rule has another remedy. */
function keyOf({ rule, remedy }: Finding): string {
  return `${rule}\n${remedy}`
}

function explain({ why, remedy, severity }: Finding, width: number): string[] {
  const options = { indent: 4, label: 10, width }
  return [...labelled('why:', why, options), ...labelled(severity === 'note' ? 'instead:' : 'to do:', remedy, options)]
}

function inColour(severity: Finding['severity'], paint: Paint): string {
  const colours = { error: paint.red, warning: paint.yellow, note: paint.cyan }
  return colours[severity](severity)
}

/** Returns one sentence with the counts. */
export function summaryOf({ counts, migrations, suppressed }: LintOutcome): string {
  const parts = (['error', 'warning', 'note'] as const).map((severity) => count(counts[severity], severity))
  const ignored = suppressed.length === 0 ? '' : `; ${suppressed.length} ignored with a reason`
  return `${parts.join(', ')} in ${count(migrations, 'migration')}${ignored}.`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
