/**
 * Postgres' own parser, compiled to WebAssembly. Its module is loaded while this file is imported, so that everything
 * behind it can parse synchronously.
 */
import type { Node } from '@pgsql/types'
import { hasSqlDetails, loadModule, parsePlPgSQLSync, parseSync, scanSync } from 'libpg-query'

await loadModule()

/** A statement in the text that was parsed; offsets are of its UTF-8 bytes. */
export interface ParsedStatement {
  node: Node
  location: number
  /** Up to the semicolon or the end, trailing comments included. */
  length: number
}

/** A token of the text; offsets are of its UTF-8 bytes. */
export interface Token {
  start: number
  end: number
  text: string
  isComment: boolean
}

/** The text is not SQL that Postgres parses; `position` counts characters (code points) from 0, if it is known. */
export class SqlSyntaxError extends Error {
  readonly position: number | undefined
  constructor(message: string, position: number | undefined, cause?: unknown) {
    super(message, { cause })
    this.name = 'SqlSyntaxError'
    this.position = position
  }
}

/** Returns the statements of the text; empty where it holds only white space and comments. Throws a SqlSyntaxError. */
export function parseSql(sql: string): ParsedStatement[] {
  assertNoNull(sql)
  // The library refuses an empty text, which for Postgres is an empty query.
  if (sql.trim() === '') {
    return []
  }
  const bytes = Buffer.byteLength(sql)
  const { stmts } = orSyntaxError(() => parseSync(sql))
  return (stmts ?? []).map(({ stmt, stmt_location: location = 0, stmt_len: length = 0 }) => {
    if (stmt === undefined) {
      throw new Error('the parser returned a statement without a tree')
    }
    // A length of 0 stands for «to the end of the text».
    return { node: stmt, location, length: length === 0 ? bytes - location : length }
  })
}

/** Returns the tree of the text's one statement; undefined where it does not parse or holds another number of them. */
export function parseOne(sql: string): Node | undefined {
  try {
    const statements = parseSql(sql)
    return statements.length === 1 ? statements[0]?.node : undefined
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      return undefined
    }
    throw error
  }
}

/** The code of a DO block: its variables and its outermost block, as libpg_query writes PL/pgSQL's tree. */
export interface PlpgsqlCode {
  datums: { PLpgSQL_var?: { refname?: string } }[]
  action: Record<string, Record<string, unknown>>
}

/** Returns the code of the DO statement; undefined where it does not parse as PL/pgSQL. */
export function parsePlpgsql(sql: string): PlpgsqlCode | undefined {
  try {
    const { plpgsql_funcs: functions } = parsePlPgSQLSync(sql) as unknown as {
      plpgsql_funcs?: { PLpgSQL_function?: Partial<PlpgsqlCode> }[]
    }
    const { action, datums = [] } = functions?.[0]?.PLpgSQL_function ?? {}
    return action === undefined ? undefined : { action, datums }
  } catch {
    // What Postgres itself says of it is told where the statement is run.
    return undefined
  }
}

/** Returns the tokens of the text, comments among them. Throws a SqlSyntaxError. */
export function scanSql(sql: string): Token[] {
  assertNoNull(sql)
  if (sql.trim() === '') {
    return []
  }
  return orSyntaxError(() => scanSync(sql)).tokens.map(({ start, end, text, tokenName }) => ({
    start,
    end,
    text,
    isComment: tokenName === 'SQL_COMMENT' || tokenName === 'C_COMMENT',
  }))
}

/** The library takes a C string and would silently read no further than a null character. */
function assertNoNull(sql: string): void {
  const position = sql.indexOf('\0')
  if (position !== -1) {
    throw new SqlSyntaxError('the text holds a null character', [...sql.slice(0, position)].length)
  }
}

function orSyntaxError<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (hasSqlDetails(error)) {
      throw new SqlSyntaxError(error.message, error.sqlDetails?.cursorPosition, error)
    }
    throw error
  }
}
