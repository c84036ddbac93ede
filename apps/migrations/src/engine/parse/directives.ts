/** The comments by which a migration's author tells Freehold what the SQL cannot say. */
import type { ColumnRef, Node, SelectStmt } from '@pgsql/types'
import { parseSql, SqlSyntaxError } from './parser.ts'
import type { Directives } from './statement.ts'

/** A comment that starts with `freehold:`, and how to complain about it at its place. */
export interface FoundDirective {
  text: string
  refuse(reason: string): never
}

const known =
  'allow-blocking "<reason>", phase=expand, phase=contract, up=<expression>, down=<expression>, lint-ignore <rule> "<reason>"'

/** Returns what the directives before one statement ask for together. */
export function parseDirectives(found: FoundDirective[]): Directives {
  const directives: Directives = {}
  for (const { text, refuse } of found) {
    const given = parseDirective(text, refuse)
    for (const name of Object.keys(given)) {
      if (name in directives) {
        refuse('it is given twice for one statement')
      }
    }
    Object.assign(directives, given)
  }
  return directives
}

function parseDirective(text: string, refuse: (reason: string) => never): Directives {
  const body = /^--\s*freehold:\s*(.*?)\s*$/is.exec(text)?.[1]
  if (body === undefined) {
    return refuse('a directive is a comment of one line that starts with --')
  }
  const [, word = '', rest = ''] = /^([a-z-]*)\s*=?\s*(.*)$/is.exec(body) ?? []
  switch (word.toLowerCase()) {
    case 'allow-blocking': {
      const reason = /^"(.*\S.*)"$/s.exec(rest)?.[1]
      return {
        allowBlocking: reason?.trim() ?? refuse('the reason is missing: -- freehold: allow-blocking "<reason>"'),
      }
    }
    case 'phase': {
      const phase = rest.toLowerCase()
      return phase === 'expand' || phase === 'contract' ? { phase } : refuse('a phase is expand or contract')
    }
    case 'lint-ignore':
      // What it says is for `freehold migrate lint` alone, which judges it.
      return {}
    case 'up':
      return { up: isExpression(rest) ? rest : refuse('what follows up= is not an SQL expression') }
    case 'down':
      return { down: isExpression(rest) ? rest : refuse('what follows down= is not an SQL expression') }
    default:
      return refuse(`it is none of ${known}`)
  }
}

/** Tells whether the text is one expression as it could stand in a list of columns. */
export function isExpression(text: string): boolean {
  // The line break ends a comment that the text may hold, and the brackets keep out what is more than an expression.
  const select = parseOnly<SelectStmt>(`SELECT (${text}\n)`, 'SelectStmt')
  const target = select?.targetList?.[0]
  if (select === undefined || target === undefined || select.targetList?.length !== 1) {
    return false
  }
  const plain = new Set(['targetList', 'limitOption', 'op'])
  const { val } = (target as { ResTarget: { val?: Node; name?: string } }).ResTarget
  const isStar = val !== undefined && 'ColumnRef' in val && isStarred(val.ColumnRef)
  return Object.keys(select).every((key) => plain.has(key)) && val !== undefined && !('RowExpr' in val) && !isStar
}

function isStarred(reference: ColumnRef): boolean {
  return (reference.fields ?? []).some((field) => 'A_Star' in field)
}

function parseOnly<T>(sql: string, kind: string): T | undefined {
  try {
    const statements = parseSql(sql)
    return statements.length === 1 ? (statements[0]?.node as unknown as Record<string, T>)[kind] : undefined
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      return undefined
    }
    throw error
  }
}
