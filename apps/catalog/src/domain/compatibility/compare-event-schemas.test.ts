import { expect, it } from 'vitest'
import { compareEventSchemas } from './compare-event-schemas.ts'

const text = { type: 'string' }
const one = { type: 'object', properties: { id: text }, required: ['id'] }
const withNote = { type: 'object', properties: { id: text, note: text }, required: ['id', 'note'] }
const withOptionalNote = { type: 'object', properties: { id: text, note: text }, required: ['id'] }

function sides(earlier: object[], later: object, compatibility: Parameters<typeof compareEventSchemas>[2]): string[] {
  const versions = earlier.map((schema, index) => ({ version: `1.${index}.0`, schema }))
  return compareEventSchemas(versions, later, compatibility)
    .filter(({ severity }) => severity === 'breaking')
    .map(({ side, against, rule, pointer }) => `${side} ${against} ${rule} ${pointer}`)
}

it.each<[string, object[], object, Parameters<typeof compareEventSchemas>[2], string[]]>([
  ['none', [one], { type: 'array' }, 'none', []],
  [
    'backward: a required property is added',
    [one],
    withNote,
    'backward',
    ['backward 1.0.0 required-added /properties/note'],
  ],
  ['forward: a required property is added', [one], withNote, 'forward', []],
  ['backward: a required property is removed', [withNote], one, 'backward', []],
  [
    'forward: a required property is removed',
    [withNote],
    one,
    'forward',
    ['forward 1.0.0 required-removed /properties/note'],
  ],
  ['full: an optional property is added', [one], withOptionalNote, 'full', []],
  [
    'full: a property becomes optional',
    [withNote],
    withOptionalNote,
    'full',
    ['forward 1.0.0 required-loosened /properties/note'],
  ],
  [
    'backward: only the newest counts',
    [one, withOptionalNote],
    withNote,
    'backward',
    ['backward 1.1.0 required-added /properties/note'],
  ],
  [
    'backward transitive: all of them count',
    [
      { type: 'object', properties: { id: { type: 'integer' } } },
      { type: 'object', properties: { id: { type: ['integer', 'string'] } } },
    ],
    { type: 'object', properties: { id: { type: ['integer', 'string'] } } },
    'backwardTransitive',
    [],
  ],
  [
    'forward transitive: all of them count',
    [
      { type: 'object', properties: { id: { type: 'integer' } } },
      { type: 'object', properties: { id: { type: ['integer', 'string'] } } },
    ],
    { type: 'object', properties: { id: { type: ['integer', 'string'] } } },
    'forwardTransitive',
    ['forward 1.0.0 type-changed /properties/id/type'],
  ],
  [
    'backward: what cannot be judged is refused',
    [one],
    { ...one, propertyNames: { pattern: '^a' } },
    'backward',
    ['backward 1.0.0 keyword-changed /propertyNames'],
  ],
  ['full: descriptions change nothing', [one], { ...one, title: 'Order', description: 'An order.' }, 'full', []],
])('%s', (_, earlier, later, compatibility, expected) => {
  expect(sides(earlier, later, compatibility)).toEqual(expected)
})
