import type { Node } from '@pgsql/types'

/** One statement of a migration file, cut at the parser's byte offsets. */
export interface Statement {
  migrationId: string
  /** Position in its file, from 0. */
  index: number
  /** The original text without leading white space and comments and without the trailing semicolon. */
  sql: string
  /** The parse tree's node, such as `{ AlterTableStmt: … }`. */
  node: Node
  /** Offset of its first byte in the file's text, a byte order mark not counted. */
  start: number
  /** Line of the first token, from 1. */
  line: number
  directives: Directives
}

/** What `-- freehold:` comments that stand right before a statement ask for. */
export interface Directives {
  allowBlocking?: string
  phase?: 'expand' | 'contract'
  up?: string
  down?: string
}

/** A statement or, of an ALTER TABLE with several commands, one command: the smallest thing that goes to one mechanism. */
export interface Unit {
  /** Position among the parts of its statement, from 0. */
  part: number
  parts: number
  sql: string
  node: Node
  /** True where the unit is its statement, word for word. */
  wholeStatement: boolean
}

/** One migration of the folder, read and parsed. */
export interface Migration {
  id: string
  /** SHA-256 of the file's bytes in hex, as Prisma writes it to `_prisma_migrations`. */
  checksum: string
  sql: string
}
