/** Limits of planning and the speeds that estimates rest on, each with its reason. */

/** A scan or rewrite of a table up to this size ends within half of the default lock bound, even on slow disks. */
export const briefTableBytesDefault = 1024 * 1024

/** Default of maxLockMs: below what a person notices, and a tenth of deadlock_timeout. */
export const maxLockMsDefault = 100

// Low figures of a two-core cloud machine, so that estimates err on the long side (benchmarks/README.md).
export const scanBytesPerMs = 400_000
export const indexBytesPerMs = 50_000
export const rewriteBytesPerMs = 35_000

/** A catalog change takes about this long. */
export const catalogChangeMs = 2
