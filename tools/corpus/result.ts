/** What became of one migration; one JSON line from a worker. */
export interface MigrationResult {
  history: string
  id: string
  /**
   * `equal`: schema and data as after the plain run. `refused`: needs a twin, or by rule. `failsAlike`: fails plainly,
   * and by Freehold with the same SQLSTATE and an unharmed database. `wrong`: anything else.
   */
  outcome: 'equal' | 'refused' | 'failsAlike' | 'wrong'
  /** True if it failed plainly on the rows and was tried again on emptied tables; this is what came of that. */
  onEmptied: boolean
  /** True if it failed plainly on emptied tables too, and was entered as applied on both sides. */
  enteredAsApplied: boolean
  sqlstate: string | null
  statementsByMechanism: Record<string, number>
  refusals: { why: string; reason: string; sql: string }[]
  warnings: string[]
  notExercised: number
  /** Made by an application while the migration ran, each of them successful. */
  writes: number
  /** Tables that triggers write on behalf of those writes, whose rows are theirs to number and date. */
  tablesNotCompared: number
  tablesWithoutRows: number
  message: string | null
  ms: number
}
