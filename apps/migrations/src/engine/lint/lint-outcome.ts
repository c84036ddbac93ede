import type { Severity } from './rule.ts'

/** One place that a rule reports. */
export interface Finding {
  rule: string
  severity: Severity
  migrationId: string
  file: string
  /** Line and column from 1; columns count characters. */
  line: number
  column: number
  /** The statement as written; empty where the file does not parse. */
  statement: string
  /** What stands here. */
  message: string
  /** Why it matters. */
  why: string
  /** What Freehold does by itself, or what is to be done. */
  remedy: string
}

/** A finding that a comment before its statement keeps out of the report. */
export interface Suppressed extends Finding {
  reason: string
}

/** What `lint` ends in. */
export interface LintOutcome {
  /** How many migrations were looked at. */
  migrations: number
  counts: Record<Severity, number>
  findings: Finding[]
  suppressed: Suppressed[]
}
