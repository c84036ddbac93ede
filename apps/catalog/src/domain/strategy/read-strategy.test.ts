import { describe, expect, it } from 'vitest'
import { type FileFault, fileBytesMax, readStrategy } from './read-strategy.ts'

/** Returns `line:column detail` of each fault of the text. */
function faults(text: string): string[] {
  const read = readStrategy(text)
  return read.outcome === 'read' ? [] : read.faults.map(({ line, column, detail }) => `${line}:${column} ${detail}`)
}

describe('readStrategy', () => {
  it.each([
    '',
    '# only a comment\n',
    '---\n',
    'deploy:\nscale: {}\nmigrate:\napi: { versions: }\n',
  ])('takes %j as valid, with every default', (text) => {
    const read = readStrategy(text)
    expect(read).toMatchObject({
      outcome: 'read',
      strategy: {
        migrate: { path: 'prisma/migrations', approval: 'destructive', maxLockMs: 100, windows: [] },
        config: { schema: {}, values: {} },
        events: { compatibility: 'full', consumes: [] },
      },
    })
  })

  it('reads every section that this version carries out', () => {
    const read = readStrategy(`
name: orders
version: 2.1.0
migrate:
  path: prisma/migrations
  approval: always
  maxLockMs: 250
  windows: [{ weekdays: [sat, sun], from: '22:00', to: '04:00', zone: Europe/Berlin }]
config:
  schema:
    properties:
      pageSize: { type: integer, minimum: 1, default: 20 }
      paymentKey: { type: string, secret: true }
    required: [paymentKey]
  values: { pageSize: 50 }
api: { contract: openapi.yaml, consumes: [catalog] }
events: { contracts: { shop.orders.order.placed.v1: events/placed.json }, consumes: [shop.stock.item.sold.v1] }
`)
    expect(read).toMatchObject({
      outcome: 'read',
      file: { name: 'orders', version: '2.1.0' },
      strategy: { migrate: { maxLockMs: 250 }, config: { values: { pageSize: 50 } }, api: { consumes: ['catalog'] } },
    })
  })

  it.each<[string, string, string[]]>([
    [
      'an unknown key, with the nearest known one',
      'migrate:\n  maxLokMs: 5\n',
      ['2:3 maxLokMs is not known here; did you mean maxLockMs?'],
    ],
    [
      'an unknown section',
      'name: orders\nmigrations: {}\n',
      ['2:1 migrations is not known here; did you mean migrate?'],
    ],
    [
      'an unknown keyword deep in a schema',
      'config:\n  schema:\n    properties:\n      a: { type: string, maxLenght: 5 }\n',
      ['4:26 maxLenght is not known here; did you mean maxLength?'],
    ],
    ['a wrong type', 'migrate:\n  maxLockMs: soon\n', ['2:3 migrate.maxLockMs should be a number, not string']],
    ['a list for a map', '- a\n', ['1:1 the file should be a map, not a list']],
    ['a key given twice', 'name: a\nname: b\n', ['2:1 Map keys must be unique']],
    [
      'a section that is not carried out',
      'name: orders\nscale:\n  min: 2\n',
      ['3:3 scale is not carried out by this version (rollouts will do so): leave the section empty'],
    ],
    [
      'a subsection that is not carried out',
      'api:\n  versions:\n    v1: {}\n',
      ['3:5 api.versions is not carried out by this version (gateway will do so): leave the section empty'],
    ],
    [
      'a text where a section may only be empty',
      'backup: daily\n',
      ['1:1 backup is not carried out by this version (databases will do so): leave the section empty'],
    ],
    [
      'a value that breaks its schema',
      'config:\n  schema: { properties: { size: { type: integer, maximum: 9 } } }\n  values:\n    size: 10\n',
      ['4:5 is more than 9'],
    ],
    [
      'a setting that is not declared',
      'config:\n  values:\n    size: 10\n',
      ['3:5 size is not declared in config.schema.properties'],
    ],
    [
      'a secret in the file',
      'config:\n  schema: { properties: { key: { type: string, secret: true } } }\n  values: { key: hunter2 }\n',
      ['3:13 key is a secret: set it with freehold config set, not in a file'],
    ],
    [
      'a rule that does not fit the type',
      'config: { schema: { properties: { on: { type: boolean, minimum: 1 } } } }\n',
      ['1:56 says nothing about a value of the type boolean'],
    ],
    [
      'a time zone that is none',
      "migrate: { windows: [{ from: '01:00', to: '02:00', zone: Mars/Base }] }\n",
      ['1:52 migrate.windows.0.zone should be a name of the IANA time zone database'],
    ],
    [
      'a path out of the folder',
      'api:\n  contract: ../other/openapi.yaml\n',
      ['2:3 api.contract should be a path below the folder of freehold.yaml'],
    ],
    [
      'bad syntax',
      'name: [a\n',
      ['2:1 Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    [
      'two faults in the order of the text',
      'names: x\nversion: one\n',
      [
        '1:1 names is not known here; did you mean name?',
        '2:1 version should be a version such as 1.4.0 or 2.0.0-rc.1',
      ],
    ],
  ])('places %s', (_, text, expected) => {
    expect(faults(text)).toEqual(expected)
  })

  it('refuses text that cannot be stored', () => {
    expect(faults('config:\n  schema: { title: x }\n  values: { a: "\\0" }\n')).toEqual([
      '3:16 a NUL character, or half of a surrogate pair',
    ])
  })

  it('never repeats a secret that stands in the file by mistake', () => {
    const text =
      'config:\n  schema: { properties: { key: { type: string, secret: true } } }\n  values: { key: hunter2 }\n'
    expect(JSON.stringify(readStrategy(text))).not.toContain('hunter2')
  })

  it('gives up on a pattern that takes exponential time, and says so', () => {
    const text = `config:\n  schema: { properties: { a: { type: string, pattern: '^(a+)+$' } } }\n  values:\n    a: ${'a'.repeat(40)}!\n`
    expect(faults(text)).toEqual(['4:5 takes too long to compare with the pattern ^(a+)+$'])
  })

  it.each<[string, string]>([
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
        .join('\n')}`,
    ],
    ['brackets that never end', '['.repeat(50_000)],
    ['maps within maps on one line', '{a: '.repeat(10_000)],
    ['lists within lists on one line', `${'- '.repeat(30_000)}a`],
    ['questions within questions', `${'? '.repeat(30_000)}a`],
    ['maps by indentation', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['a file too large', '#'.repeat(fileBytesMax + 1)],
    ['a thousand unknown keys', Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join('\n')],
  ])('refuses %s within a bound', (_, text) => {
    const read = readStrategy(text)
    expect(read.outcome).toBe('faulty')
    const found = (read as { faults: FileFault[] }).faults
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThanOrEqual(50)
  })
})
