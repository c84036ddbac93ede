import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lintMigrations } from './lint-migrations.ts'
import type { Finding } from './lint-outcome.ts'
import { renderReference } from './render-reference.ts'
import { rules } from './rules/index.ts'

const folder = new URL('rules/', import.meta.url)

/** Lints a file that holds one migration or, between lines of `-- next migration`, with or without its name, several. */
async function findingsIn(sql: string): Promise<Finding[]> {
  const parts = sql.split(/^-- next migration(?:: (\S+))?\n/m)
  const files = parts.flatMap((text, index) =>
    index % 2 === 1 || text.trim() === ''
      ? []
      : {
          migration: { id: parts[index - 1] ?? `2026010100000${index}_example`, checksum: '', sql: text },
          file: 'migration.sql',
          isReported: true,
        },
  )
  return (await lintMigrations(files, 'public')).findings
}

const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')
const brief = ({ rule, line, message }: Finding): string => `${rule}:${line}: ${message}`

describe('each rule', () => {
  it('has a number of its own, is listed in their order, and lies in the file of its name', () => {
    const numbers = rules.map(({ number }) => number)
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other))
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'index.ts')
    expect(files.sort()).toEqual(rules.map(({ name }) => `${name}.ts`).sort())
  })

  it.each(
    rules.map((rule) => [rule.name, rule] as const),
  )('%s reports its bad example and nothing else of it', async (name, rule) => {
    const found = await findingsIn(read(`${name}.bad.sql`))
    expect(found.length).toBeGreaterThan(0)
    expect([...new Set(found.map((finding) => finding.rule))], found.map(brief).join('\n')).toEqual([name])
    expect(found.some(({ severity }) => severity === rule.severity)).toBe(true)
  })

  it.each(rules.map(({ name }) => name))('%s says nothing of its good example', async (name) => {
    expect(existsSync(new URL(`${name}.good.sql`, folder))).toBe(true)
    expect((await findingsIn(read(`${name}.good.sql`))).map(brief)).toEqual([])
  })
})

describe('docs/reference/lint.md', () => {
  it('is that of the rules: node apps/migrations/src/engine/lint/write-reference.ts writes it', () => {
    const page = new URL('../../../../../docs/reference/lint.md', import.meta.url)
    expect(readFileSync(page, 'utf8')).toBe(renderReference())
  })
})
