import { readFileSync } from 'node:fs'
import path from 'node:path'
import { reservedSections, strategyFileSchema } from '@freehold/contracts-catalog'
import { expect, it } from 'vitest'
import { root } from './check-files.ts'

interface Schema {
  properties?: Record<string, Schema>
  anyOf?: Schema[]
}

/** Returns the keys of the file to the second level, as `migrate.path`. */
function keysOf(schema: Schema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const inner = part.anyOf?.find(({ properties }) => properties !== undefined)
    return prefix === '' && inner !== undefined ? keysOf(inner, `${name}.`) : [`${prefix}${name}`]
  })
}

it('documents every key of freehold.yaml', () => {
  const page = readFileSync(path.join(root, 'docs/reference/freehold-yaml.md'), 'utf8')
  const keys = keysOf(strategyFileSchema() as Schema)
  expect(keys).toContain('migrate.maxLockMs')
  const rows = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map((match) => match[1])
  const reserved = Object.keys(reservedSections)
  expect(rows.sort()).toEqual(keys.filter((key) => !reserved.includes(key)).sort())
  expect(reserved.filter((section) => !page.includes(`\`${section}\``))).toEqual([])
})
