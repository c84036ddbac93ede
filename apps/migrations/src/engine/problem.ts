import type { Refusal } from './plan/plan.ts'

/**
 * What a caller of the engine may see go wrong. Each kind has a stable code and a remedy; everything else that is
 * thrown is a bug.
 */
export const problems = {
  folderNotFound: {
    code: 'FHD_MIGRATE_FOLDER_NOT_FOUND',
    kind: 'usage',
    hint: 'name the folder with --migrations, or run from the project that holds prisma/migrations',
  },
  folderNotMigrations: {
    code: 'FHD_MIGRATE_FOLDER_NOT_MIGRATIONS',
    kind: 'usage',
    hint: 'Freehold reads the folders of Prisma 7, Flyway and Drizzle, folders of SQL files, and one SQL file: docs/reference/inputs.md',
  },
  providerNotPostgres: {
    code: 'FHD_MIGRATE_PROVIDER_NOT_POSTGRES',
    kind: 'usage',
    hint: 'Freehold migrates Postgres only',
  },
  urlMissing: {
    code: 'FHD_MIGRATE_URL_MISSING',
    kind: 'usage',
    hint: 'give --database-url, or set DIRECT_URL or DATABASE_URL',
  },
  urlInvalid: {
    code: 'FHD_MIGRATE_URL_INVALID',
    kind: 'usage',
    hint: 'it should read postgresql://user:password@host:5432/database?schema=public',
  },
  connectionFailed: {
    code: 'FHD_MIGRATE_CONNECTION_FAILED',
    kind: 'refused',
    hint: 'check host, port, user and password of the database URL, and that the server accepts connections from here',
  },
  connectionLost: {
    code: 'FHD_MIGRATE_CONNECTION_LOST',
    kind: 'stopped',
    hint: 'run the same command again to go on from the last finished step, or run freehold migrate undo',
  },
  poolerInBetween: {
    code: 'FHD_MIGRATE_POOLER',
    kind: 'refused',
    hint: 'give the database’s own address with --database-url or DIRECT_URL; a migration cannot run through a transaction pooler',
  },
  serverTooOld: {
    code: 'FHD_MIGRATE_SERVER_TOO_OLD',
    kind: 'refused',
    hint: 'upgrade the server to PostgreSQL 14 or newer',
  },
  serverReadOnly: { code: 'FHD_MIGRATE_SERVER_READ_ONLY', kind: 'refused', hint: 'give the address of the primary' },
  rightsMissing: {
    code: 'FHD_MIGRATE_RIGHTS_MISSING',
    kind: 'refused',
    hint: 'connect as the role that owns the tables and may create schemas in the database',
  },
  syntaxError: { code: 'FHD_MIGRATE_SYNTAX', kind: 'refused', hint: 'mend the statement; nothing was run' },
  directiveInvalid: { code: 'FHD_MIGRATE_DIRECTIVE', kind: 'refused', hint: 'see docs/reference/directives.md' },
  migrationFailedBefore: {
    code: 'FHD_MIGRATE_FAILED_BEFORE',
    kind: 'refused',
    hint: 'mend the database, then run freehold migrate resolve --rolled-back ID or --applied ID',
  },
  migrationUnknown: {
    code: 'FHD_MIGRATE_UNKNOWN_MIGRATION',
    kind: 'usage',
    hint: 'freehold migrate status lists the migrations',
  },
  shadowNotBuilt: {
    code: 'FHD_MIGRATE_SHADOW',
    kind: 'refused',
    hint: 'set FREEHOLD_SHADOW_DATABASE_URL to an empty server of the same major version, or FREEHOLD_SHADOW=server',
  },
  planRefused: {
    code: 'FHD_MIGRATE_REFUSED',
    kind: 'refused',
    hint: 'freehold migrate plan shows every refusal; nothing was run',
  },
  planTimedOut: {
    code: 'FHD_MIGRATE_PLAN_TIMEOUT',
    kind: 'refused',
    hint: 'a statement of the migrations, or code that it calls, takes longer than a plan may even on a handful of rows: mend it, or run it by hand and take it out of the migration',
  },
  planStale: {
    code: 'FHD_MIGRATE_PLAN_STALE',
    kind: 'refused',
    hint: 'make the plan again against the database as it is now',
  },
  planInvalid: {
    code: 'FHD_MIGRATE_PLAN_INVALID',
    kind: 'usage',
    hint: 'make the plan again with this version of Freehold',
  },
  windowOpen: {
    code: 'FHD_MIGRATE_WINDOW_OPEN',
    kind: 'refused',
    hint: 'run freehold migrate complete when the old version is gone, or give --complete-previous',
  },
  nothingToUndo: {
    code: 'FHD_MIGRATE_NOTHING_TO_UNDO',
    kind: 'refused',
    hint: 'freehold migrate history shows the runs; after its contract phase a run is not taken back by this version',
  },
  undoRefused: {
    code: 'FHD_MIGRATE_UNDO_REFUSED',
    kind: 'refused',
    hint: 'mend what is named, then run freehold migrate undo again',
  },
  anotherRunner: {
    code: 'FHD_MIGRATE_ANOTHER_RUNNER',
    kind: 'refused',
    hint: 'wait until it ends; freehold migrate status shows how far it is',
  },
  lockNotGranted: {
    code: 'FHD_MIGRATE_LOCK_NOT_GRANTED',
    kind: 'refused',
    hint: 'end the sessions that are named, then run the same command again',
  },
  stepFailed: {
    code: 'FHD_MIGRATE_STEP_FAILED',
    kind: 'refused',
    hint: 'the database is as it was before; mend the migration or the rows, then run again',
  },
  contractFailed: {
    code: 'FHD_MIGRATE_CONTRACT_FAILED',
    kind: 'refused',
    hint: 'the window is still open; mend the rows, then run freehold migrate complete again, or freehold migrate undo',
  },
  rowsViolate: {
    code: 'FHD_MIGRATE_ROWS_VIOLATE',
    kind: 'refused',
    hint: 'mend the rows, or give -- freehold: up=<expression>',
  },
  stopped: {
    code: 'FHD_MIGRATE_STOPPED',
    kind: 'stopped',
    hint: 'run the same command again to go on, or freehold migrate undo to go back',
  },
  schemaDiffers: {
    code: 'FHD_MIGRATE_SCHEMA_DIFFERS',
    kind: 'refused',
    hint: 'somebody changed the schema during the run, or this is a fault of Freehold: compare what is named, and mend it by a migration',
  },
  journalNewer: { code: 'FHD_MIGRATE_JOURNAL_NEWER', kind: 'refused', hint: 'use the newer Freehold that wrote it' },
  diskFull: {
    code: 'FHD_MIGRATE_DISK_FULL',
    kind: 'stopped',
    hint: 'make room on the database’s disk, then run the same command again to go on, or undo',
  },
  schemaFileMissing: {
    code: 'FHD_MIGRATE_SCHEMA_FILE_MISSING',
    kind: 'usage',
    hint: 'name the Prisma schema with --schema-file',
  },
  schemaFileInvalid: {
    code: 'FHD_MIGRATE_SCHEMA_FILE_INVALID',
    kind: 'usage',
    hint: 'mend the schema file; nothing was written',
  },
  historyFails: {
    code: 'FHD_MIGRATE_HISTORY_FAILS',
    kind: 'refused',
    hint: 'mend the migration, or set FREEHOLD_SHADOW_DATABASE_URL to a server that has what it needs; nothing was written',
  },
  renameUnknown: {
    code: 'FHD_MIGRATE_RENAME_UNKNOWN',
    kind: 'usage',
    hint: 'give --rename old:new for a table, --rename table.old:new for a column, by their names in the database; nothing was written',
  },
  migrationNotLast: {
    code: 'FHD_MIGRATE_MIGRATION_NOT_LAST',
    kind: 'usage',
    hint: 'a migration begins with the time of its making; write this one by hand, under a name behind the last',
  },
  migrationNotWritten: {
    code: 'FHD_MIGRATE_MIGRATION_NOT_WRITTEN',
    kind: 'usage',
    hint: 'check the rights of the migrations folder',
  },
  confirmationMissing: {
    code: 'FHD_MIGRATE_CONFIRMATION',
    kind: 'usage',
    hint: 'give --yes; without a terminal nothing is asked',
  },
} as const satisfies Record<string, ProblemDefinition>

export interface ProblemDefinition {
  code: string
  /** Decides the exit code: `usage` 2, `refused` 1, `stopped` 4. */
  kind: 'usage' | 'refused' | 'stopped'
  /** What to do now. */
  hint: string
}

export interface ProblemDetails {
  sqlstate?: string | undefined
  migrationId?: string | undefined
  /** Line and column from 1, for SQL at fault. */
  line?: number | undefined
  column?: number | undefined
  /** Lines for people below the message: an excerpt with a caret, rows at fault, sessions in the way. Never a secret. */
  lines?: string[] | undefined
  /** The statements that are not run, for a plan that was refused. */
  refusals?: Refusal[] | undefined
  hint?: string | undefined
}

/** An outcome that a person has to act on; `message` says what happened, to what, and why. */
export class Problem extends Error {
  readonly definition: ProblemDefinition
  readonly details: ProblemDetails
  constructor(definition: ProblemDefinition, message: string, details: ProblemDetails = {}, cause?: unknown) {
    super(message, { cause })
    this.name = 'Problem'
    this.definition = definition
    this.details = details
  }
}
