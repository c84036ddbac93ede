import type { Refusal } from '@freehold/migrations/engine'
import { Problem, type ProblemDefinition } from '@freehold/migrations/problem'
import { fileOf } from '@freehold/migrations/statement'
import { cliProblems } from '../cli-problems.ts'
import { remedyOf } from './plan-words.ts'
import { type Paint, printable } from './text.ts'

/** The one document that --json prints where a command did not end well. */
export interface ErrorDocument {
  error: {
    code: string
    message: string
    hint: string
    sqlstate: string | null
    migrationId: string | null
    line: number | null
    column: number | null
    /** An excerpt, rows at fault, sessions in the way. */
    lines: string[]
    /** The statements that are not run, where the plan was refused. */
    refusals: Refusal[]
  }
}

/** Returns the document of an error; of one that is no Problem it tells no more than that it is a bug. */
export function toErrorDocument(error: unknown): ErrorDocument {
  if (!(error instanceof Problem)) {
    const message = error instanceof Error ? error.message : String(error)
    return documentOf(cliProblems.bug, message, {})
  }
  return documentOf(error.definition, error.message, error.details)
}

function documentOf(definition: ProblemDefinition, message: string, details: Problem['details']): ErrorDocument {
  return {
    error: {
      code: definition.code,
      message,
      hint: details.hint ?? definition.hint,
      sqlstate: details.sqlstate ?? null,
      migrationId: details.migrationId ?? null,
      line: details.line ?? null,
      column: details.column ?? null,
      lines: details.lines ?? [],
      refusals: details.refusals ?? [],
    },
  }
}

/** Renders what happened, where, and what to do now. */
export function renderError(document: ErrorDocument, paint: Paint): string {
  const { code, message, hint, lines, refusals } = document.error
  const place = placeOf(document)
  const rendered = [
    `${paint.red(paint.bold('error:'))} ${printable(message)}`,
    ...(place === '' ? [] : [`  at ${place}`]),
    ...lines.flatMap((line) => printable(line).split('\n')).map((line) => `  ${line}`),
    ...[...new Set(refusals.map(remedyOf))].map((remedy) => `  ${remedy}`),
    `${paint.bold('to do:')} ${printable(hint)} ${paint.dim(`[${code}]`)}`,
  ]
  return `${rendered.join('\n')}\n`
}

function placeOf(document: ErrorDocument): string {
  const { sqlstate, migrationId, line, column } = document.error
  const parts: string[] = []
  if (migrationId !== null) {
    parts.push(line === null ? migrationId : fileOf(migrationId))
  }
  if (line !== null) {
    parts.push(column === null ? `line ${line}` : `line ${line}, column ${column}`)
  }
  if (sqlstate !== null) {
    parts.push(`SQLSTATE ${sqlstate}`)
  }
  return printable(parts.join(', '))
}

/**
 * Returns a function that takes the password of the database URL, and of any other URL, out of a text. Messages are
 * written without it; this is for the one that quotes its input, such as a stack.
 */
export function createRedaction(databaseUrl: string | undefined): (text: string) => string {
  const password = databaseUrl === undefined ? undefined : passwordOf(databaseUrl)
  if (databaseUrl === undefined || password === undefined) {
    return withoutPasswords
  }
  const replacements: [string, string][] = [
    [databaseUrl, 'the database URL'],
    [`:${password.raw}@`, ':***@'],
    [`:${password.decoded}@`, ':***@'],
  ]
  // A short password is often a common word, such as the user's name, which must not vanish from messages.
  const shortMax = 8
  for (const secret of [password.raw, password.decoded]) {
    if (secret.length > shortMax) {
      replacements.push([secret, '***'])
    }
  }
  return (text) => {
    const known = replacements.reduce((rest, [secret, instead]) => rest.replaceAll(secret, instead), text)
    return withoutPasswords(known)
  }
}

/** A URL can stand where none is looked for, such as behind an option that is misspelt. That of the hint is an example. */
function withoutPasswords(text: string): string {
  return text.replace(/(:\/\/[^\s:/@]*):(?!password@host:)[^\s]*@/g, '$1:***@')
}

/** Finds the password without parsing, for the URL may be one that does not parse. */
function passwordOf(databaseUrl: string): { raw: string; decoded: string } | undefined {
  const found = /^[^/]*\/\/[^/?#]*?:([^/?#]*)@/.exec(databaseUrl)?.[1]
  if (found === undefined || found === '') {
    return undefined
  }
  try {
    return { raw: found, decoded: decodeURIComponent(found) }
  } catch {
    // Not percent-encoded as it should be: there is nothing to decode.
    return { raw: found, decoded: found }
  }
}
