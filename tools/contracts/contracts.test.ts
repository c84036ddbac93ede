import { describe, expect, it } from 'vitest'
import { findBroken, findStale } from './check-files.ts'
import { findBreaking } from './find-breaking.ts'

describe('the committed contracts', () => {
  it('are what the schemas give', () => {
    expect(findStale()).toEqual([])
  })

  it('break nobody who keeps to the same version', () => {
    expect(findBroken()).toEqual([])
  })
})

describe('findBreaking', () => {
  const api = (schema: object) => ({
    openapi: '3.1.1',
    info: { title: 'x', version: '1.0.0' },
    paths: { '/a': { get: { responses: { 200: { description: '', content: { 'application/json': { schema } } } } } } },
  })
  const events = (schemas: Record<string, object>) => ({
    oneOf: Object.keys(schemas).map((type) => ({ $ref: `#/$defs/${type}` })),
    $defs: { ...schemas, Size: { type: 'string' } },
  })
  const sized = { type: 'object', properties: { size: { $ref: '#/$defs/Size' } }, required: ['size'] }

  it('lets a contract grow', () => {
    const earlier = api({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
    const later = api({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      required: ['a', 'b'],
    })
    expect(findBreaking({ kind: 'openapi', document: later }, earlier)).toEqual([])
    expect(
      findBreaking({ kind: 'events', document: events({ 'a.v1': sized, 'b.v1': sized }) }, events({ 'a.v1': sized })),
    ).toEqual([])
  })

  it('names what a contract takes away', () => {
    const earlier = api({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
    const [finding] = findBreaking({ kind: 'openapi', document: api({ type: 'object' }) }, earlier)
    expect(finding).toMatch(/^\/paths\/~1a\/get\/.*\/properties\/a required-removed: the property a is gone/)
    expect(findBreaking({ kind: 'events', document: events({}) }, events({ 'a.v1': sized }))).toEqual([
      '/$defs/a.v1 event-removed: those who handle the event wait for it in vain',
    ])
    const [loosened] = findBreaking(
      { kind: 'events', document: events({ 'a.v1': { ...sized, required: [] } }) },
      events({ 'a.v1': sized }),
    )
    expect(loosened).toMatch(/required-loosened/)
    const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
    expect(findBreaking({ kind: 'schema', document: { ...schema, properties: {} } }, schema)).toHaveLength(1)
  })
})
