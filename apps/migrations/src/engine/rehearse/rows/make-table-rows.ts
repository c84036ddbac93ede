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
  /** What the first rows are to hold, a row each: values that pending statements ask for. */
  scenarios: Row[]
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
  const { needs, groups } = sources
  const number = sources.offset + position + retry * sources.count
  const row: Row = {}
  // Where a scenario cannot be had beside the other rows, the row is made without it.
  const scenario = retry % attemptsMax < scenarioAttemptsMax ? (sources.scenarios[position] ?? {}) : {}
  for (const group of groups) {
    const fitting = group.filter((values) => agree(values, scenario))
    const chosen = fitting.length > 0 ? fitting : group
    Object.assign(row, chosen[(position + retry) % Math.max(chosen.length, 1)] ?? {})
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
      const value = column.name in scenario ? scenario[column.name] : placeColumn(sources, column, position, number)
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

const scenarioAttemptsMax = 6

function agree(values: Row, scenario: Row): boolean {
  return Object.entries(scenario).every(([column, value]) => !(column in values) || values[column] === value)
}

function placeColumn(
  { needs, values, random, scenarios }: RowSources,
  column: Column,
  position: number,
  number: number,
): string | null | undefined {
  const source = values.get(column.name)
  const wanted = source?.wanted ?? []
  if (wanted.length > 0 && random() < 0.3) {
    return wanted[Math.floor(random() * wanted.length)]
  }
  // The rows that meet a statement's condition are to give it something to work on, which nulls seldom do.
  if (!needs.isNotNull(column.name) && position >= scenarios.length && random() < 0.25) {
    return null
  }
  const value = source?.value(number)
  return value === undefined && column.default === null && !needs.isNotNull(column.name) ? null : value
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
