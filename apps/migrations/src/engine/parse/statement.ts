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

/** One migration, read. */
export interface Migration {
  /** In a Prisma folder the name of its folder, elsewhere the path of its file below the folder, with `.sql`. */
  id: string
  /** SHA-256 of the file's bytes in hex, as Prisma writes it to `_prisma_migrations`. */
  checksum: string
  sql: string
  /** How the table that tells what is applied has it; absent for `_prisma_migrations`. */
  entry?: HistoryEntry
}

/** What a table other than Prisma's holds of a migration beside its id. */
export type HistoryEntry =
  | {
      table: 'flyway'
      /** As Flyway writes it, with dots; null for a repeatable migration, which is applied again when it has changed. */
      version: string | null
      description: string
      checksum: number
    }
  | { table: 'drizzle'; hash: string; when: number }
  | { table: 'freehold' }

/** Returns the path of a migration's file below its folder. */
export function fileOf(migrationId: string): string {
  return migrationId.endsWith('.sql') ? migrationId : `${migrationId}/migration.sql`
}
