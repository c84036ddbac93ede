import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, connect } from './connect.ts'
import { type Server, startTestServer } from './embedded/index.ts'
import { identifierBytesMax, quoteIdentifier, quoteQualified, shortenIdentifier } from './identifiers.ts'
import { quoteLiteral } from './literals.ts'

// Whole characters only: half a surrogate pair has no UTF-8 form, so it cannot reach the server.
const text = fc.string({ unit: 'binary', maxLength: 100 }).filter((value) => !value.includes('\0'))
const name = text.filter((value) => value !== '').map((value) => shortenIdentifier(value))

describe('quoting', () => {
  let server: Server
  let client: Client
  beforeAll(async () => {
    server = await startTestServer(18)
    client = await connect({ connectionString: server.url(), applicationName: 'test' })
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })

  it('gives Postgres the identifier back, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(name, async (value) => {
        const { fields } = await client.query(`SELECT 1 AS ${quoteIdentifier(value)}`)
        expect(fields[0]?.name).toBe(value)
      }),
    )
  })

  it('gives Postgres the text back, whatever is in it and however it reads backslashes', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (value, standard) => {
        await client.query(`SET standard_conforming_strings = ${standard ? 'on' : 'off'}`)
        const { rows } = await client.query(`SELECT ${quoteLiteral(value)}::text AS value`)
        expect(rows).toEqual([{ value }])
      }),
    )
  })

  it('refuses null characters, which no name and no text can hold', () => {
    expect(() => quoteIdentifier('a\0b')).toThrow(/null character/)
    expect(() => quoteQualified('public', 'a\0b')).toThrow(/null character/)
    expect(() => quoteLiteral('a\0b')).toThrow(/null character/)
  })
})

describe('shortenIdentifier', () => {
  it('keeps what Postgres keeps, and tells long names apart', () => {
    const unit = fc.oneof(
      fc.constantFrom('a', 'ä', '€', '😀'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    const anyName = fc.string({ unit, minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        const short = shortenIdentifier(one)
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(identifierBytesMax)
        expect(Buffer.from(short).toString()).toBe(short)
        expect(short === one).toBe(Buffer.byteLength(one) <= identifierBytesMax)
        expect(shortenIdentifier(other) === short).toBe(other === one)
      }),
    )
  })
})
