import { type Client, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Sequence } from '../inspect/catalog.ts'

/**
 * Returns statements that put the sequences back to where they stand now. Numbers that were given out do not come back
 * when rows do, so that a second run would start behind the first.
 */
export async function readSequencePositions(client: Client, sequences: Sequence[]): Promise<string[]> {
  const reads = sequences.map(({ schema, name }) => {
    const sequence = quoteQualified(schema, name)
    return `SELECT ${quoteLiteral(sequence)} AS name, last_value::text AS value, is_called AS called FROM ${sequence}`
  })
  if (reads.length === 0) {
    return []
  }
  const { rows } = await client.query<{ name: string; value: string; called: boolean }>(reads.join(' UNION ALL '))
  return rows.map(({ name, value, called }) => `SELECT pg_catalog.setval(${quoteLiteral(name)}, ${value}, ${called})`)
}
