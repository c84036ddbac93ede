import type { Migration } from '../parse/statement.ts'

/** What was read, whichever tool wrote it. */
export interface MigrationSource {
  format: 'prisma' | 'flyway' | 'drizzle' | 'sql'
  /** In the order in which they are applied. */
  migrations: Migration[]
  /** Sentences for people about files that are passed over. */
  warnings: string[]
  /** Throws a Problem where one of the migrations that are to be applied holds what its tool alone could fill in. */
  checkPending(pending: Migration[]): void
}

/** What lies in a folder, as far as it tells which tool wrote it. */
export interface Listing {
  folder: string
  /** Names of real folders. */
  folders: string[]
  /** Names of the files in it. */
  files: string[]
  /** Paths below the folder of all files in it and its folders, with forward slashes. */
  all: string[]
}

/** Reads what one tool writes; all readers are of this shape. */
export interface Reader {
  /** Names the tool, for the message about a folder that holds what two of them write. */
  tool: string
  /** Returns what in the folder this tool wrote, for people; undefined where it wrote nothing. */
  recognise(listing: Listing): string | undefined
  /** Throws a Problem for what cannot be read. */
  read(listing: Listing): Promise<MigrationSource>
}
