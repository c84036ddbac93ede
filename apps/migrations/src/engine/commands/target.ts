import type { OnFact } from '../run/facts.ts'

/** The database and the folder that a command works on, and how it may be told of progress and be stopped. */
export interface Target {
  databaseUrl: string
  /** The folder of the migrations, whichever tool wrote them, or one file of SQL. */
  migrationsFolder: string
  /** Where unqualified names are made; also the schema of the table of what is applied, where the tool does not fix it. */
  schema: string
  /** application_name of every session, `freehold` unless it is given. */
  applicationName?: string
  onFact: OnFact
  /** Aborted by SIGTERM and Ctrl-C: the batch under way is ended, then a Problem `stopped` is thrown. */
  signal: AbortSignal
  /** How long a plan may take; without it as long as it does. */
  planTimeoutMs?: number
}
