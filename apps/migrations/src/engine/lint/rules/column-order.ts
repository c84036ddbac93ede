import { type NewColumn, newColumns } from '../new-columns.ts'
import type { Rule } from '../rule.ts'

/** Below this a row's header and the fill factor matter more. */
const wastedBytesMin = 8

export const columnOrder: Rule = {
  name: 'column-order',
  number: 69,
  severity: 'warning',
  title: 'The columns of a new table stand in an order that wastes space in each row.',
  why: 'A value of eight bytes begins at a multiple of eight: what stands before it is padded, in every row and in memory.',
  remedy: 'Put the columns of eight bytes first, then those of four, two and one, then those of any length.',
  checks: newColumns((columns, table, sight, isNew) => {
    const wasted = isNew ? paddingOf(columns) - paddingOf(sorted(columns)) : 0
    if (wasted >= wastedBytesMin) {
      sight.report(`${table} pads each row with ${wasted} bytes more than its columns need`)
    }
  }),
}

const alignments: Record<string, number> = {
  bool: 1,
  int2: 2,
  int4: 4,
  float4: 4,
  date: 4,
  int8: 8,
  float8: 8,
  timestamp: 8,
  timestamptz: 8,
  time: 8,
}

/** Returns the alignment, which is the length too, of a type of fixed length. */
function alignmentOf({ type }: NewColumn): number | undefined {
  return type === undefined || type.isArray ? undefined : alignments[type.name]
}

/** Counts the padding that is certain: behind a value of any length nobody knows where the next one begins. */
function paddingOf(columns: NewColumn[]): number {
  let offset: number | undefined = 0
  let padding = 0
  for (const alignment of columns.map(alignmentOf)) {
    if (alignment === undefined || offset === undefined) {
      // A value of eight bytes is aligned, so that its end is known to be.
      offset = alignment === 8 ? 8 : undefined
      continue
    }
    const gap: number = (alignment - (offset % alignment)) % alignment
    padding += gap
    offset += gap + alignment
  }
  return padding
}

function sorted(columns: NewColumn[]): NewColumn[] {
  return columns.toSorted((one, other) => (alignmentOf(other) ?? 0) - (alignmentOf(one) ?? 0))
}
