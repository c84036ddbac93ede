import { fileRules } from './file-rules.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules/index.ts'

/** What a report tells of a rule beside its findings. */
export type LintedRule = Pick<Rule, 'name' | 'severity' | 'title' | 'why' | 'remedy'>

/** All rules, those of files and comments included. */
export const lintRules: readonly LintedRule[] = [...rules, ...Object.values(fileRules)]
