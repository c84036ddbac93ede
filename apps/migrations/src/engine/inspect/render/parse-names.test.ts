import { quoteQualified } from '@freehold/postgres'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQualified, parseRight } from './parse-names.ts'
import { renderRights } from './rights.ts'

describe('parseQualified', () => {
  it('reads bare and quoted names', () => {
    expect(parseQualified('public.orders')).toEqual({ schema: 'public', name: 'orders' })
    expect(parseQualified('"a.b"."say ""hi"""')).toEqual({ schema: 'a.b', name: 'say "hi"' })
  })

  it('reads back whatever is quoted', () => {
    const part = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(part, part, (schema, name) => {
        expect(parseQualified(quoteQualified(schema, name))).toEqual({ schema, name })
      }),
    )
  })
})

describe('parseRight', () => {
  it('tells grantee, privileges and grantor, PUBLIC being nobody', () => {
    expect(parseRight('=r/owner')).toEqual({
      grantee: '',
      privileges: [{ letter: 'r', grantable: false }],
      grantor: 'owner',
    })
    expect(parseRight('"a=b/c"=ar*/"o""x"')).toEqual({
      grantee: 'a=b/c',
      privileges: [
        { letter: 'a', grantable: false },
        { letter: 'r', grantable: true },
      ],
      grantor: 'o"x',
    })
  })
})

describe('renderRights', () => {
  const table = { kind: 'relation', target: 'TABLE "t"', owner: 'o', version: 180000 } as const

  it('says nothing of built-in rights, in whatever order', () => {
    expect(renderRights({ ...table, acl: ['"o"=arwdDxtm/"o"'] })).toEqual([])
    expect(renderRights({ ...table, kind: 'routine', acl: ['o=X/o', '=X/o'] })).toEqual([])
  })

  it('lets a grantor pass on a right only after it was given', () => {
    const statements = renderRights({ ...table, acl: ['a=r/b', 'b=r*/o', 'o=arwdDxtm/o'] })
    expect(statements.slice(1)).toEqual([
      'GRANT SELECT ON TABLE "t" TO "b" WITH GRANT OPTION',
      'GRANT INSERT, SELECT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN ON TABLE "t" TO "o"',
      'SET SESSION AUTHORIZATION "b"',
      'GRANT SELECT ON TABLE "t" TO "a"',
      'RESET SESSION AUTHORIZATION',
    ])
  })
})
