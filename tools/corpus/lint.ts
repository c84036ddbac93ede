/**
 * `node tools/launch.js tools/corpus/lint.ts [--rule NAME [--sample N]]`: lints every migration of every history and
 * prints how long it took and how often each rule reports; with --rule what it reports, for judging by eye.
 */
import { parseArgs } from 'node:util'
import { findCorpus } from './corpus.ts'
import { lintCorpus } from './lint-corpus.ts'

const { values } = parseArgs({ options: { rule: { type: 'string' }, sample: { type: 'string', default: '20' } } })
const folder = findCorpus()
if (folder === undefined) {
  process.stderr.write('The corpus is not there: set FREEHOLD_CORPUS to its folder.\n')
  process.exit(1)
}
const { seconds, outcome } = await lintCorpus(folder)
if (values.rule === undefined) {
  const byRule = Map.groupBy(outcome.findings, ({ rule, severity }) => `${severity.padEnd(8)} ${rule}`)
  const counts = [...byRule].map(([rule, findings]) => [rule, findings.length] as const)
  for (const [rule, count] of counts.sort(([, one], [, other]) => other - one)) {
    process.stdout.write(`${String(count).padStart(6)}  ${rule}\n`)
  }
} else {
  const found = outcome.findings.filter(({ rule }) => rule === values.rule)
  const every = Math.max(1, Math.floor(found.length / Number(values.sample)))
  for (const { file, line, column, severity, message, statement } of found.filter((_, index) => index % every === 0)) {
    process.stdout.write(
      `${file}:${line}:${column}: ${severity}: ${message}\n    ${statement.replace(/\s+/g, ' ').slice(0, 300)}\n`,
    )
  }
}
const { error, warning, note } = outcome.counts
process.stdout.write(
  `${outcome.migrations} migrations in ${seconds.toFixed(1)} s: ${error} errors, ${warning} warnings, ${note} notes\n`,
)
