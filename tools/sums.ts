/** How many checks ended which way. */
export interface Sums {
  passed: number
  failed: number
  skipped: number
}

/** Sums as a run of tests hands them on, with a line for each reason why tests did not run. */
export interface WrittenSums extends Sums {
  notRun: string[]
}

/** Returns the sums as the one line that ends a run. */
export function toLine(sums: Sums): string {
  return `${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`
}
