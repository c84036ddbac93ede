import { readFileSync } from 'node:fs'
import { migrationsErrors, runEvents } from '@freehold/contracts-migrations'
import { baseConfig } from '@freehold/service'
import { expect, it } from 'vitest'
import { migrationsConfig } from './config.ts'

const root = new URL('../../../', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8')
const page = read('docs/reference/migrations-service.md')

it('lists every problem with its status, its meaning and its remedy, and no other', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `FHD_'))
  const expected = Object.values(migrationsErrors).map(
    ({ code, status, title, hint }) => `| \`${code}\` | ${status} | ${title} | ${hint} |`,
  )
  expect(rows).toEqual(expected)
})

it('lists every setting of its own', () => {
  const own = Object.keys(migrationsConfig.shape).filter((name) => !Object.hasOwn(baseConfig.shape, name))
  expect(own.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

it('names the event of every state', () => {
  const verbs = Object.values(runEvents).map(({ type }) => type.split('.').at(-2))
  expect(verbs.filter((verb) => !page.includes(`\`${verb}\``))).toEqual([])
})

it('keeps the outbox, the inbox and the keys as every service does', () => {
  const migration = read('migrations/migrations/migrations/20261124000000_begin/migration.sql')
  const missing = ['outbox', 'inbox', 'jwks'].filter(
    (name) => !migration.includes(read(`libs/service/sql/${name}.sql`)),
  )
  expect(missing).toEqual([])
})
