/**
 * Makes the rows of one table in memory: foreign keys take values of their parents, keys differ, checks hold as far as
 * candidates were found for them. What still does not fit is found when the rows are inserted.
 */
import type { Column } from '../../inspect/catalog.ts'
import type { ColumnValues } from './column-values.ts'
import type { Random } from './random.ts'
import type { ForeignKey, TableNeeds } from './table-needs.ts'

/** Values by column as text; a column that is left out gets its default. */
export type Row = Record<string, string | null>

export interface RowSources {
  needs: TableNeeds
  random: Random
  values: Map<string, ColumnValues>
  /** Rows of each parent that there are; of the table itself those made so far are added. */
  parents: Map<string, Row[]>
  /** Combinations of values that satisfy checks, a list each for a group of columns that they connect. */
  groups: Row[][]
  /** Foreign keys that are null at first. */
  late: Set<ForeignKey>
  count: number
  /** How many rows from the first on hold constants of the pending statements. */
  wantedRows: number
  /** Number of the first row, above 0 where the table holds rows already. */
  offset: number
}

const attemptsMax = 24

/** Returns up to `count` rows; `attempt` above 0 gives other ones. */
export function makeTableRows(sources: RowSources, attempt = 0): Row[] {
  const seen = sources.needs.unique.map(() => new Set<string>())
  const rows: Row[] = []
  for (let position = 0; position < sources.count; position += 1) {
    for (let retry = 0; retry < attemptsMax; retry += 1) {
      const row = makeRow(sources, position, attempt * attemptsMax + retry, rows)
      const keys = row === undefined ? undefined : uniqueKeys(sources.needs, row)
      if (row !== undefined && keys?.every((key, index) => key === undefined || !seen[index]?.has(key)) === true) {
        for (const [index, key] of keys.entries()) {
          if (key !== undefined) {
            seen[index]?.add(key)
          }
        }
        rows.push(row)
        break
      }
    }
  }
  return rows
}

function uniqueKeys(needs: TableNeeds, row: Row): (string | undefined)[] {
  return needs.unique.map((set) => {
    const values = set.columns.map((column) => row[column])
    // What gets its default is not known here, and is taken to differ.
    const isOpen = values.some((value) => value === undefined || (value === null && !set.nullsEqual))
    return isOpen ? undefined : JSON.stringify(values.map((value) => value?.toLowerCase() ?? null))
  })
}

function makeRow(sources: RowSources, position: number, retry: number, made: Row[]): Row | undefined {
  const { needs, groups, random } = sources
  const number = sources.offset + position + retry * sources.count
  const row: Row = {}
  for (const group of groups) {
    Object.assign(row, group[(position + retry) % Math.max(group.length, 1)] ?? {})
  }
  if (needs.partitions.length > 0) {
    Object.assign(row, needs.partitions[(position + retry) % needs.partitions.length])
  }
  const toItself: ForeignKey[] = []
  for (const key of needs.foreignKeys) {
    const placed = placeForeignKey(sources, key, row, position, retry, made)
    if (placed === 'impossible') {
      return undefined
    }
    if (placed === 'toItself') {
      toItself.push(key)
    }
  }
  for (const column of needs.columns) {
    if (!(column.name in row)) {
      const value = placeColumn(sources, column, position, number, random)
      if (value === undefined) {
        if (needs.isNotNull(column.name) && column.default === null && column.identity === null) {
          return undefined
        }
      } else {
        row[column.name] = value
      }
    }
  }
  for (const key of toItself) {
    for (const [index, column] of key.columns.entries()) {
      row[column] = row[key.parentColumns[index] ?? ''] ?? null
    }
  }
  return row
}

function placeColumn(
  { needs, values, wantedRows }: RowSources,
  column: Column,
  position: number,
  number: number,
  random: Random,
): string | null | undefined {
  const source = values.get(column.name)
  const wanted = source?.wanted ?? []
  // Constants of one statement are in the same order in all columns, so that conditions joined by AND hold together.
  const hint =
    position < wanted.length
      ? wanted[position]
      : random() < 0.3
        ? wanted[Math.floor(random() * wanted.length)]
        : undefined
  if (hint !== undefined) {
    return hint
  }
  if (!needs.isNotNull(column.name) && random() < nullShare(needs, column, position, wantedRows)) {
    return null
  }
  const value = source?.value(number)
  return value === undefined && column.default === null && !needs.isNotNull(column.name) ? null : value
}

// The rows that hold a statement's constants are to meet its other conditions too, which nulls seldom do.
function nullShare({ hints }: TableNeeds, column: Column, position: number, wantedRows: number): number {
  if (hints.nullTested.has(column.name)) {
    return 0.5
  }
  return position < wantedRows ? 0 : 0.25
}

/** Gives the key's columns the values of a parent's row that agrees with what is set already. */
function placeForeignKey(
  sources: RowSources,
  key: ForeignKey,
  row: Row,
  position: number,
  retry: number,
  made: Row[],
): 'placed' | 'toItself' | 'impossible' {
  const { needs, random, late } = sources
  const isNull = key.columns.some((column) => row[column] === null)
  if (isNull) {
    return 'placed'
  }
  const isSelf = key.parent === needs.key
  const parents = [...(sources.parents.get(key.parent) ?? []), ...(isSelf ? made : [])]
  const fitting = parents.filter((parent) =>
    key.columns.every((column, at) => {
      const value = parent[key.parentColumns[at] ?? '']
      return value !== null && value !== undefined && (row[column] === undefined || row[column] === value)
    }),
  )
  const wantsNull = key.nullable && (late.has(key) || fitting.length === 0 || random() < 0.2)
  if (wantsNull) {
    const column = key.columns.find((name) => !needs.isNotNull(name) && row[name] === undefined)
    if (column !== undefined) {
      row[column] = null
      return 'placed'
    }
  }
  if (fitting.length === 0) {
    // A row that must refer to one of its own table refers to itself.
    return isSelf ? 'toItself' : 'impossible'
  }
  const isAlone = needs.unique.some((set) => set.columns.every((column) => key.columns.includes(column)))
  const at = isAlone ? position + retry : Math.floor(random() * fitting.length)
  const parent = fitting[at % fitting.length] as Row
  for (const [index, column] of key.columns.entries()) {
    row[column] = parent[key.parentColumns[index] ?? ''] ?? null
  }
  return 'placed'
}
