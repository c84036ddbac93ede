import type { SideResult } from './side.ts'

export interface Results {
  plain: SideResult
  freehold: SideResult
}

/** The stall from which on the plain side shows something worth avoiding. */
const stallMsShown = 500

/** Returns what makes the comparison worthless, or Freehold's promise broken. */
export function findFaults({ plain, freehold }: Results): string[] {
  const faults: string[] = []
  if (freehold.failed > 0) {
    faults.push(`Freehold's side had ${freehold.failed} failed requests: ${JSON.stringify(freehold.failures)}`)
  }
  if (freehold.requests === 0) {
    faults.push("No request reached Freehold's side, so this run shows nothing")
  }
  if (plain.failed === 0 && plain.longestStallMs <= stallMsShown) {
    faults.push('The plain side had neither a failed request nor a stall over 500 ms, so this run shows nothing')
  }
  return faults
}

/** Renders both sides as one table. */
export function renderTable({ plain, freehold }: Results): string {
  const rows: [string, (side: SideResult) => string][] = [
    ['requests', (side) => formatCount(side.requests)],
    ['failed requests', (side) => formatCount(side.failed)],
    ['longest stall', (side) => `${formatCount(side.longestStallMs)} ms`],
    ['99th percentile', (side) => `${formatCount(side.p99Ms)} ms`],
    ['99th percentile before', (side) => `${formatCount(side.p99BeforeMs)} ms`],
    ['until only version 2 is left', (side) => `${side.seconds.toFixed(1)} s`],
  ]
  const head = ['', 'as written', 'by Freehold']
  const cells = [head, ...rows.map(([label, format]) => [label, format(plain), format(freehold)])]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 3)))
      .join(''),
  )
  return `\n${lines.join('\n')}\n`
}

function formatCount(count: number): string {
  return count.toLocaleString('en')
}
