import { relative, resolve } from 'node:path'
import { Problem } from '@freehold/migrations/problem'
import { Option } from 'commander'
import { cliProblems } from '../cli-problems.ts'
import type { OfflineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseNotEmpty } from '../option-values.ts'
import { renderLintGithub } from '../render/lint-github.ts'
import { renderLintMarkdown } from '../render/lint-markdown.ts'
import { renderLintSarif } from '../render/lint-sarif.ts'
import { renderLintText } from '../render/lint-text.ts'
import { findFolder } from '../target-options.ts'

interface LintCommandOptions {
  json?: boolean
  migrations?: string
  schema?: string
  format?: 'github' | 'markdown' | 'sarif'
}

export const lintCommand: OfflineCommand<LintCommandOptions> = {
  name: 'lint',
  summary: 'report what in the migrations needs thought, without a database',
  configure(command) {
    command
      .argument(
        '[paths...]',
        'folders of migrations, single migrations or SQL files (default: the folder of the project)',
      )
      .option(
        '--migrations <dir>',
        'folder of the migrations (default: of prisma.config.ts, or prisma/migrations)',
        parseNotEmpty,
      )
      .option('--schema <name>', 'schema that names without one stand in (default: public)', parseNotEmpty)
      .addOption(
        new Option('--format <form>', 'print for a program or a pull request').choices(['sarif', 'github', 'markdown']),
      )
  },
  check({ json, format, migrations }, paths) {
    if (json === true && format !== undefined) {
      throw new Problem(cliProblems.wrongUse, 'only one of --json and --format can be given')
    }
    if (migrations !== undefined && paths.length > 0) {
      throw new Problem(cliProblems.wrongUse, 'paths are given beside --migrations')
    }
  },
  async run({ engine, surroundings, text }, options, paths) {
    const { folder, env } = surroundings
    const named = paths.map((path) => resolve(folder, path))
    const searched = named.length > 0 ? named : [await findFolder(options, { engine, folder, needed: true })]
    // GitHub names files from the root of the repository, wherever in it the command is run.
    const root = env['GITHUB_WORKSPACE'] ?? ''
    const isInRepository = root !== '' && !relative(root, folder).startsWith('..')
    const base = isInRepository && (options.format === 'github' || options.format === 'sarif') ? root : folder
    const outcome = await engine.lint({ paths: searched, schema: options.schema ?? 'public', base })
    const rendered = {
      text: () => renderLintText(outcome, text),
      sarif: () => renderLintSarif(outcome, engine.lintRules),
      github: () => renderLintGithub(outcome),
      markdown: () => renderLintMarkdown(outcome),
    }
    return {
      document: outcome,
      text: rendered[options.format ?? 'text'](),
      exitCode: outcome.counts.error > 0 ? exitCodes.refused : exitCodes.done,
    }
  },
}
