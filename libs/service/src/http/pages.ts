import { baseProblems } from '@freehold/contracts-base'
import { Problem } from '../problem.ts'

/** What a caller asks of a list. */
export interface PageRequest {
  limit: number
  cursor?: string | undefined
}

/** Returns the page of rows, of which one more than asked for was read; the cursor is the last row's key. */
export function toPage<Row, Item>(
  rows: Row[],
  limit: number,
  keyOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(toItem), nextCursor: rows.length > limit && last !== undefined ? keyOf(last) : null }
}

/** Returns the number that a cursor of a list ordered by number is; throws a Problem for any other text. */
export function parseNumberCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) {
    return undefined
  }
  if (!/^[1-9]\d{0,8}$/.test(cursor)) {
    throw invalidCursor()
  }
  return Number(cursor)
}

/** Returns the id that a cursor of a list ordered by id is; throws a Problem for any other text. */
export function parseIdCursor(cursor: string | undefined): string | undefined {
  if (cursor !== undefined && !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(cursor)) {
    throw invalidCursor()
  }
  return cursor
}

function invalidCursor(): Problem {
  const detail = 'is not the nextCursor of a page'
  return new Problem(baseProblems.requestInvalid, { detail, errors: [{ pointer: '/query/cursor', detail }] })
}
