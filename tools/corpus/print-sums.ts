import type { MigrationResult } from './result.ts'

/** Prints the sums and every refusal with its statement. */
export function printSums(results: MigrationResult[], ms: number): void {
  const lines: string[] = []
  const count = (wanted: (result: MigrationResult) => boolean): number => results.filter(wanted).length
  lines.push(
    `${results.length} migrations in ${Math.round(ms / 1000)} s`,
    `  equal in schema and data        ${count((one) => one.outcome === 'equal')}`,
    `  refused                         ${count((one) => one.outcome === 'refused')}`,
    `  fail plainly on the rows        ${count((one) => one.onEmptied)} (same SQLSTATE, database as before; tried again on emptied tables)`,
    `  fail on emptied tables too      ${count((one) => one.enteredAsApplied)} (entered as applied on both sides)`,
    `  wrong                           ${count((one) => one.outcome === 'wrong')}`,
    '',
    'statements by mechanism',
  )
  const sums = new Map<string, number>()
  for (const result of results) {
    for (const [mechanism, statements] of Object.entries(result.statementsByMechanism)) {
      sums.set(mechanism, (sums.get(mechanism) ?? 0) + statements)
    }
  }
  for (const [mechanism, statements] of [...sums].sort()) {
    lines.push(`  ${mechanism.padEnd(31)} ${statements}`)
  }
  lines.push('', `data statements that touched no made row: ${results.reduce((sum, one) => sum + one.notExercised, 0)}`)
  const written = results.filter(({ writes }) => writes > 0)
  if (written.length > 0) {
    const writes = written.reduce((sum, one) => sum + one.writes, 0)
    const left = written.reduce((sum, one) => sum + one.tablesNotCompared, 0)
    lines.push('', `writes meanwhile: ${writes}, beside ${written.length} migrations`)
    lines.push(`tables whose rows were not compared then, for triggers write them: ${left}`)
  }
  lines.push('', 'refusals')
  for (const result of results) {
    for (const { why, reason, sql } of result.outcome === 'refused' ? result.refusals : []) {
      lines.push(
        `  ${result.history} ${result.id} [${why}] ${reason}`,
        `      ${sql.replaceAll(/\s+/g, ' ').slice(0, 200)}`,
      )
    }
  }
  for (const result of results.filter((one) => one.outcome === 'wrong')) {
    lines.push(`wrong: ${result.history} ${result.id}: ${result.message}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}
