/** Limits of running, each with its reason. */

/** How long a step looks for a moment to take its locks before it gives up. */
export const lockDeadlineMsDefault = 10 * 60_000

/** A timed try makes callers queue for its length, so it is this many times its length until the next. */
export const trySpacing = 20

/** Tries without waiting before the first timed one; they cost callers nothing. */
export const instantTries = 3

/** Pause between two tries that wait for nobody. */
export const instantPauseMs = 25

/** A transaction older than this will hardly end within a timed try, so none is made while it holds the lock. */
export const longTransactionMs = 1000

/** How often a step may overrun the time for which it may hold its locks; a busy machine does it by chance. */
export const overrunsMax = 10

/** Deadlocks and serialization failures of one statement before they count as its failure. */
export const conflictsMax = 20

/** A range takes about this long: long enough to be worth its commit, short enough for a caller that meets its row locks. */
export const rangeMs = 80
export const rangeRowsFirst = 500
export const rangeRowsMax = 50_000

/** How often what a long statement has done is looked at. */
export const progressMs = 500

/** Ranges are reported no more often than this. */
export const factPauseMs = 250

/** How long a second runner waits for the lease: a killed runner's connection ends within it. */
export const leasePatienceMs = 1000

/** How long a killed runner's session may take to end once it is told to: it may have to roll back a large statement. */
export const earlierSessionPatienceMs = 30_000

/** Entries of a twin's log that the exchange may find: they take it a few milliseconds. */
export const logRowsAtExchange = 100
