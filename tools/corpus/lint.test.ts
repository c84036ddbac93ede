import { describe, expect, it } from 'vitest'
import { findCorpus } from './corpus.ts'
import { lintCorpus } from './lint-corpus.ts'

const corpus = findCorpus()

describe.skipIf(corpus === undefined)('the corpus', () => {
  it('is linted to its last migration, with a place in its file for each finding', async () => {
    const { outcome, seconds } = await lintCorpus(corpus as string)
    const { migrations, counts, findings } = outcome
    process.stdout.write(`lint: ${migrations} migrations in ${seconds.toFixed(1)} s, ${JSON.stringify(counts)}\n`)
    expect(migrations).toBeGreaterThan(2500)
    expect(findings.filter(({ line, column }) => line < 1 || column < 1)).toEqual([])
    // One file of the corpus is no SQL: no statement of the others is taken for one that does not parse.
    expect(findings.filter(({ rule }) => rule === 'syntax-error')).toHaveLength(1)
  })
})
