import { Problem, problems } from '../problem.ts'
import { type FoundDirective, parseDirectives } from './directives.ts'
import { shiftLocations } from './locations.ts'
import { type ParsedStatement, parseSql, SqlSyntaxError, scanSql, type Token } from './parser.ts'
import { type Directives, fileOf, type Migration, type Statement } from './statement.ts'

/**
 * Returns the statements of a migration; empty for a file that holds only comments.
 * Locations in a statement's tree count from the start of its own `sql`, in bytes.
 * Throws a Problem for SQL that does not parse and for directives that say nothing Freehold knows.
 */
export async function parseMigration(migration: Migration): Promise<Statement[]> {
  const text = migration.sql.replace(/^\uFEFF/, '')
  const parsed = orSyntaxProblem(migration.id, text, () => parseSql(text))
  const bytes = Buffer.from(text)
  const lines = new Lines(bytes)
  // Scanning costs twice as much as parsing, and most files hold no comment that matters.
  const tokens = /freehold:/i.test(text) ? scanSql(text) : undefined
  const extents = parsed.map((statement) => extentOf(bytes, statement))
  const directives = tokens === undefined ? undefined : directivesOf(migration.id, tokens, extents, parsed, lines)
  return parsed.map(({ node }, index) => {
    const { start, end } = extents[index] as Extent
    return {
      migrationId: migration.id,
      index,
      sql: bytes.toString('utf8', start, end),
      node: shiftLocations(node, -start),
      start,
      line: lines.lineAt(start),
      directives: directives?.[index] ?? {},
    }
  })
}

/** From the first token to behind the last one, in bytes. */
interface Extent {
  start: number
  end: number
}

function extentOf(bytes: Buffer, { location, length }: ParsedStatement): Extent {
  const text = bytes.toString('utf8', location, location + length)
  if (!/^\s|^--|^\/\*|--|\*\/|[\s;]$/.test(text)) {
    return { start: location, end: location + length }
  }
  const tokens = scanSql(text).filter((token) => !token.isComment && token.text !== ';')
  const first = tokens[0]?.start ?? 0
  const last = tokens.at(-1)?.end ?? length
  return { start: location + first, end: location + last }
}

/** Finds lines and columns in a text. */
export class Lines {
  private readonly bytes: Buffer
  /** Offset of each line's first byte. */
  private readonly starts = [0]
  constructor(bytes: Buffer) {
    this.bytes = bytes
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
      this.starts.push(at + 1)
    }
  }

  lineAt(offset: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] as number) <= offset) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /** Counts characters (code points) from 1. */
  columnAt(offset: number): number {
    const lineStart = this.starts[this.lineAt(offset) - 1] ?? 0
    return [...this.bytes.toString('utf8', lineStart, offset)].length + 1
  }
}

/** Gives each statement the directives between the end of the one before it and its own start. */
function directivesOf(
  migrationId: string,
  tokens: Token[],
  extents: Extent[],
  parsed: ParsedStatement[],
  lines: Lines,
): Directives[] {
  const found: FoundDirective[][] = extents.map(() => [])
  for (const token of tokens) {
    if (!token.isComment || !/^(--|\/\*)\s*freehold:/i.test(token.text)) {
      continue
    }
    const line = lines.lineAt(token.start)
    const refuse = (reason: string): never => {
      const message = `${fileOf(migrationId)}:${line}: ${token.text.trim()}: ${reason}`
      throw new Problem(problems.directiveInvalid, message, { migrationId, line })
    }
    const next = extents.findIndex((extent) => extent.end > token.start)
    const extent = extents[next] ?? refuse('no statement stands behind it')
    if (extent.start <= token.start) {
      refuse('it stands inside a statement; a directive stands on a line of its own before it')
    }
    const previous = extents[next - 1]
    if (previous !== undefined && lines.lineAt(previous.end - 1) === line) {
      refuse('it stands behind a statement; a directive stands on a line of its own before the one it is for')
    }
    if ('TransactionStmt' in (parsed[next] as ParsedStatement).node) {
      refuse('it stands before BEGIN, COMMIT or the like, where it says nothing; put it before the statement it is for')
    }
    found[next]?.push({ text: token.text, refuse })
  }
  return found.map(parseDirectives)
}

function orSyntaxProblem<T>(migrationId: string, text: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) {
      throw error
    }
    throw syntaxProblem(migrationId, text, error)
  }
}

const excerptWidth = 100

function syntaxProblem(migrationId: string, text: string, error: SqlSyntaxError): Problem {
  const characters = [...text]
  const position = Math.min(error.position ?? 0, characters.length)
  const before = characters.slice(0, position)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = characters.indexOf('\n', position)
  const line = before.filter((character) => character === '\n').length + 1
  const column = position - lineStart + 1
  const whole = characters.slice(lineStart, lineEnd === -1 ? undefined : lineEnd)
  // A line may be a megabyte long; the caret's surroundings are enough.
  const from = Math.max(0, column - 1 - excerptWidth / 2)
  const excerpt = whole
    .slice(from, from + excerptWidth)
    .join('')
    .replaceAll(/[\t\r]/g, ' ')
  const message = `${fileOf(migrationId)}:${line}:${column}: ${error.message}`
  const lines = [excerpt.trimEnd(), `${' '.repeat(column - 1 - from)}^`]
  return new Problem(problems.syntaxError, message, { sqlstate: '42601', migrationId, line, column, lines }, error)
}
