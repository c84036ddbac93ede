import { describe, expect, it } from 'vitest'
import { order } from './cases/open-api-case.ts'
import { operationCases } from './cases/operation-cases.ts'
import { schemaCases } from './cases/schema-cases.ts'
import { compareOpenApi, openApiFault } from './compare-open-api.ts'

const cases = [...operationCases, ...schemaCases]

/** Returns `severity rule pointer` of each finding. */
function found(before: object, after: object): string[] {
  // As they come by HTTP: no part of one is a part of the other.
  const [earlier, later] = JSON.parse(JSON.stringify([before, after])) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ]
  return compareOpenApi(earlier, later).map(({ severity, rule, pointer }) => `${severity} ${rule} ${pointer}`)
}

describe('compareOpenApi', () => {
  it('finds nothing between a document and itself', () => {
    expect(found(order({}), order({}))).toEqual([])
  })

  it.each(cases)('$name', ({ before, after, expected }) => {
    expect(found(before, after)).toEqual(expected)
  })

  it.each(cases)('agrees with oasdiff on: $name', ({ expected, oasdiff, apart }) => {
    const worst = expected.some((line) => line.startsWith('breaking'))
      ? 'breaking'
      : expected.length > 0
        ? 'risky'
        : 'none'
    // Where Freehold is the stricter one, the case says why.
    expect(worst === oasdiff || apart !== undefined, `oasdiff: ${oasdiff}, Freehold: ${worst}`).toBe(true)
  })

  it('ends on schemas that contain themselves', () => {
    const tree = (leaf: object) => ({
      ...order({ response: { $ref: '#/components/schemas/Tree' } }),
      components: {
        schemas: {
          Tree: {
            type: 'object',
            properties: { leaf, children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
          },
        },
      },
    })
    expect(found(tree({ type: 'string' }), tree({ type: 'string', maxLength: 5 }))).toEqual([])
    expect(found(tree({ type: 'string', maxLength: 5 }), tree({ type: 'string' }))).toEqual([
      'breaking bound-exceeded /components/schemas/Tree/properties/leaf/maxLength',
    ])
  })

  it('takes what it cannot follow for breaking', () => {
    const away = order({ response: { $ref: 'https://example.com/order.json' } })
    expect(found(order({}), away)).toEqual([expect.stringMatching(/^breaking reference-unresolved /)])
    const loop = {
      ...order({ response: { $ref: '#/components/schemas/A' } }),
      components: { schemas: { A: { $ref: '#/components/schemas/A' } } },
    }
    expect(found(order({}), loop)).toEqual([expect.stringMatching(/^breaking reference-unresolved /)])
  })

  it.each([
    [{}, 'openapi should be 3.0 or 3.1'],
    [{ openapi: '2.0' }, 'openapi should be 3.0 or 3.1'],
    [{ openapi: '3.1.0', paths: [] }, 'paths should be a map'],
    [{ openapi: '3.1.0', paths: { '/a/{b}': {}, '/a/{c}': {} } }, 'two paths differ in nothing but parameters’ names'],
  ])('says why %j cannot be compared', (document, fault) => {
    expect(openApiFault(document)).toBe(fault)
  })
})
