// npm test [-- <vitest's arguments>]: runs every test and ends with the sums, and with what could not run and why.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseCLI, type Reporter, startVitest, type TestModule } from 'vitest/node'
import { type Sums, toLine, type WrittenSums } from './sums.ts'

/** Where tools/ci.ts wants the sums as JSON, with why what was skipped did not run. */
const sumsFile = process.env['FREEHOLD_TEST_SUMS']
const root = path.resolve(import.meta.dirname, '..')

interface Skip {
  name: string
  reason: string
}

const sums: Sums = { passed: 0, failed: 0, skipped: 0 }
const skips: Skip[] = []

const reporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    sums.failed += unhandledErrors.length
    for (const module of modules) {
      count(module)
    }
  },
}

function count(module: TestModule): void {
  // A file that cannot be loaded and a failed beforeAll have no test of their own that could fail.
  const groups = [module, ...module.children.allSuites()]
  sums.failed += groups.filter((group) => group.errors().length > 0).length
  for (const test of module.children.allTests()) {
    const result = test.result()
    if (result.state === 'passed' || result.state === 'failed') {
      sums[result.state] += 1
    } else {
      sums.skipped += 1
      const note = result.state === 'skipped' ? result.note : undefined
      skips.push({
        name: `${path.relative(root, module.moduleId)}: ${test.fullName}`,
        reason: note ?? 'left out by a filter or by a failure before it',
      })
    }
  }
}

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
const vitest = await startVitest(filter, {
  ...options,
  root,
  run: true,
  watch: false,
  reporters: ['default', reporter],
})
await vitest.close()

const reasons = Map.groupBy(skips, (skip) => skip.reason)
if (skips.length > 0) {
  process.stdout.write(`\nNOT RUN: ${skips.length} of ${skips.length + sums.passed + sums.failed} tests\n`)
  for (const [reason, group] of reasons) {
    process.stdout.write(`  ${reason}:\n${group.map((skip) => `    ${skip.name}\n`).join('')}`)
  }
}
process.stdout.write(`\n${toLine(sums)}\n`)
if (sumsFile !== undefined) {
  const notRun = [...reasons].map(([reason, { length }]) => `${length} not run: ${reason}`)
  writeFileSync(sumsFile, JSON.stringify({ ...sums, notRun } satisfies WrittenSums))
}
process.exit(sums.failed > 0 || sums.passed === 0 ? 1 : 0)
