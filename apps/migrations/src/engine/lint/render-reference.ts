/** Writes docs/reference/lint.md out of the rules and their examples. */
import { readFileSync } from 'node:fs'
import { fileRules } from './file-rules.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules/index.ts'

/** Numbers of the first rule of each group. */
const groups = [
  [1, 'Indexes'],
  [12, 'Constraints'],
  [29, 'Columns'],
  [48, 'Tables, schemas, types'],
  [70, 'Transactions, locks, rows'],
] as const

const head = `# Rules of \`freehold migrate lint\`

<!-- Written by apps/migrations/src/engine/lint/write-reference.ts from the rules; change those. -->

\`freehold migrate lint\` reads migrations without a database ([options and exit codes](cli.md#lint)). It parses them with
Postgres' own parser, follows what earlier migrations of the folder made and dropped, and takes a table that the folder does not
make for one that is in use. What a migration does to a table that it makes itself is not reported: nobody uses that table yet.

| Severity | Means | Exit code |
|---|---|--:|
| error | Freehold refuses the statement. | 1 |
| warning | Only the author can say whether it is meant, or can mend it. | 0 |
| note | As written it would block callers or break the version that still runs. Freehold does it online by itself. | 0 |

The severities are fixed. A statement that is meant as it is gets a comment with the reason before it; its findings then are
counted as ignored, and are in \`--json\` and SARIF with the reason:

\`\`\`sql
-- freehold: lint-ignore drop-column, drop-not-null "the column was never used"
ALTER TABLE "order" DROP COLUMN "note", ALTER COLUMN "state" DROP NOT NULL;
\`\`\`

With \`-- freehold: allow-blocking "<reason>"\` before it a statement is reported as a warning, for it runs as written.

In a pipeline, give lint the migrations that a change adds:

\`\`\`
git diff --name-only --diff-filter=A origin/main -- prisma/migrations | grep 'migration\\.sql$' \\
  | xargs -r freehold migrate lint --format github
\`\`\`

## What the text does not tell

- How large a table is. Freehold runs a statement as written where the table is small (\`FREEHOLD_BRIEF_TABLE_BYTES\`); lint
  reports it all the same.
- Whether rows violate a constraint: duplicates (number 9) and NULLs (31) are reported only where the migration itself makes
  them certain. \`plan\` asks the rows.
- Whether an INVALID index is there (7), or which server it is: indexes built CONCURRENTLY on Postgres 14.0 to 14.3 may be
  corrupt (8). Neither can be seen without the database.
- Whether a new column tells kinds of rows apart, so that the running version misreads them (47).
- What a function depends on (66), and what code does that builds its statements (79). DO blocks that only guard plain
  statements are taken apart, and these are linted.
- Which migrations other branches add (81).

Not reported because it would be on every file and say nothing: that \`lock_timeout\`, \`statement_timeout\` or
\`application_name\` are *not* set (70 to 72), for Freehold sets them for each step; only values that do harm are. Nor what is a
matter of taste: names, comments, schemas before names (63, 82), and \`timestamp(3)\`, which Prisma writes (46).
`

/** Returns the page. */
export function renderReference(): string {
  const parts = groups.map(([first, title], index) => {
    const next = groups[index + 1]?.[0] ?? Number.POSITIVE_INFINITY
    const own = rules.filter(({ number }) => number >= first && number < next)
    return { title, own }
  })
  const tables = parts.map(({ title, own }) => `### ${title}\n\n${tableOf(own)}`)
  const files = Object.values(fileRules).map(
    ({ name, severity, title, remedy }) =>
      `| \`${name}\` | ${severity} | ${title} ${remedy.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`,
  )
  return [
    head,
    '## All rules\n',
    tables.join('\n\n'),
    '\n### Files and comments\n\n| Rule | Severity | Reports |\n|---|---|---|',
    `${files.join('\n')}\n`,
    ...parts.map(({ title, own }) => `## ${title}\n\n${own.map(sectionOf).join('\n\n')}\n`),
  ].join('\n')
}

function tableOf(own: readonly Rule[]): string {
  const rows = own.map(
    ({ name, number, severity, title }) => `| ${number} | [\`${name}\`](#${name}) | ${severity} | ${escaped(title)} |`,
  )
  return ['| Number | Rule | Severity | Reports |', '|--:|---|---|---|', ...rows].join('\n')
}

function sectionOf({ name, number, severity, title, why, remedy }: Rule): string {
  return [
    `### ${name}`,
    '',
    `Number ${number}, ${severity}. ${escaped(title)}`,
    '',
    `- **Why:** ${escaped(why)}`,
    `- **${severity === 'note' ? 'Instead' : 'To do'}:** ${escaped(remedy)}`,
    '',
    'Reported:',
    '',
    exampleOf(`${name}.bad.sql`),
    '',
    'Not reported:',
    '',
    exampleOf(`${name}.good.sql`),
  ].join('\n')
}

function exampleOf(file: string): string {
  return `\`\`\`sql\n${readFileSync(new URL(`rules/${file}`, import.meta.url), 'utf8').trim()}\n\`\`\``
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;')
}
