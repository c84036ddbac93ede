import { scanSql } from '../../parse/parser.ts'
import type { Statement } from '../../parse/statement.ts'
import { type EndSight, quoted, type Rule } from '../rule.ts'

/** NAMEDATALEN - 1 of every server that is not built otherwise. */
const identifierBytesMax = 63

export const identifierTooLong: Rule = {
  name: 'identifier-too-long',
  number: 68,
  severity: 'error',
  title: 'A name is longer than 63 bytes.',
  why: 'Postgres cuts it off without an error: two names may become one, and what names it in full elsewhere does not find it.',
  remedy: 'Shorten it.',
  checks: { end: reportLong },
}

function reportLong({ outline, report }: EndSight): void {
  for (const statement of new Set(outline.units.map((unit) => unit.statement))) {
    for (const { name, location } of longNamesIn(statement)) {
      report(statement, `${quoted(name)} has ${Buffer.byteLength(name)} bytes`, { location })
    }
  }
}

function longNamesIn({ sql }: Statement): { name: string; location: number }[] {
  // Scanning takes longer than parsing, and few statements hold a word that may be too long.
  if (!/"[^"]{32,}"|[^\s"'(),;.]{32,}/.test(sql)) {
    return []
  }
  return scanSql(sql)
    .filter(({ text, isComment }) => !isComment && /^["\p{L}_]/u.test(text))
    .map(({ text, start }) => ({ name: text.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'), location: start }))
    .filter(({ name }) => Buffer.byteLength(name) > identifierBytesMax)
}
