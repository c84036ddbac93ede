import type { IndexStmt } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { isPlainIndex } from '../apply-statement.ts'
import { keysOf } from '../relations.ts'
import { quoted, type Rule, type Sight } from '../rule.ts'

/** A fourth column is seldom what finds a row, and each one makes the index larger and every write dearer. */
const columnsMax = 3

export const redundantIndex: Rule = {
  name: 'redundant-index',
  number: 10,
  severity: 'warning',
  title: 'An index repeats another one, or has more columns than help to find a row.',
  why: 'Each index costs time at every write, and memory that others could use.',
  remedy: 'Leave out the index that repeats another; keep the columns that queries select by.',
  checks: {
    IndexStmt(index, sight) {
      const elements = (index.indexParams ?? []).map((node) => bodyOf<{ name?: string }>(node, 'IndexElem')?.name)
      const twin =
        index.whereClause === undefined && !elements.includes(undefined) ? twinOf(index, elements, sight) : undefined
      if (twin !== undefined) {
        sight.report(`builds the index ${quoted(index.idxname)} over the columns of ${twin}`)
      } else if (index.unique !== true && elements.length > columnsMax) {
        sight.report(`builds the index ${quoted(index.idxname)} over ${elements.length} columns`)
      }
    },
  },
}

function twinOf(index: IndexStmt, columns: (string | undefined)[], { schema }: Sight): string | undefined {
  const table = schema.qualify(index.relation ?? {})
  const isSame = (other: (string | null)[]) => other.join() === columns.join()
  if (!isPlainIndex(index)) {
    return undefined
  }
  const other = schema
    .indexesOf(table)
    .find((each) => isSame(each.columns) && each.isPlain && (each.isUnique || index.unique !== true))
  if (other !== undefined) {
    return other.name === index.idxname ? undefined : `the index ${quoted(other.name)}`
  }
  return index.unique !== true && keysOf(table, schema).some(isSame) ? 'a key of the table' : undefined
}
