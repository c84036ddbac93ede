/** How many checks ended which way. */
export interface Sums {
  passed: number
  failed: number
  skipped: number
}

/** Returns the sums as the one line that ends a run. */
export function toLine(sums: Sums): string {
  return `${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`
}
