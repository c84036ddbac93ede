import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from './platform.ts'

let platform: Platform

beforeAll(async () => {
  platform = await startPlatform()
})

afterAll(async () => {
  await platform?.stop()
})

const scalars = ['String', 'Int', 'BigInt', 'Boolean', 'DateTime', 'Json']

/** Returns `table.column` of every column that the Prisma schema describes, with `?` where it may be null. */
function readPrismaColumns(): string[] {
  const text = readFileSync(new URL('../../../../migrations/migrations/schema.prisma', import.meta.url), 'utf8')
  return [...text.matchAll(/^model \w+ \{\n([^}]*)\}/gm)].flatMap(([, body = '']) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1]
    const fields = [...body.matchAll(/^ {2}(\w+) +(\w+)(\?|\[\])?(.*)$/gm)]
    return fields
      .filter(([, , type = '']) => scalars.includes(type))
      .map(([, name, , mark = '', rest = '']) => `${table}.${/@map\("(\w+)"\)/.exec(rest)?.[1] ?? name}${mark}`)
  })
}

describe('the schema of the migrations service', () => {
  it('has the columns that schema.prisma describes, and no other', async () => {
    const client = await platform.connectTo('platform')
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS name
         FROM information_schema.columns WHERE table_schema = 'migrations' AND table_name <> '_prisma_migrations'`,
    )
    expect(readPrismaColumns().sort()).toEqual(rows.map(({ name }) => name).sort())
  })

  it('lets the service’s role read and write rows, and nothing else', async () => {
    const client = await platform.connectTo('platform', 'migrations')
    await client.query('SELECT FROM migrations.runs')
    for (const statement of [
      'CREATE TABLE migrations.mine (id int)',
      'ALTER TABLE migrations.runs ADD COLUMN mine int',
      'DROP TABLE migrations.run_facts',
      'TRUNCATE migrations.runs CASCADE',
      'SELECT FROM freehold.migration_runs',
    ]) {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    }
  })
})
