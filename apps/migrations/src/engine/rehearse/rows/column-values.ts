import type { Catalog, Column } from '../../inspect/catalog.ts'
import { baseType } from '../../prove/find-type.ts'
import type { Row } from './make-table-rows.ts'
import { type Random, shuffled } from './random.ts'
import type { TableNeeds } from './table-needs.ts'
import { splitType, type TypeValues } from './type-values.ts'

/** The values of one column, by the number of the row. */
export interface ColumnValues {
  /** Values that the pending statements ask about. */
  wanted: string[]
  /** `undefined` where no value of the type is known. */
  value(number: number): string | undefined
}

/** Returns the values of a column that is neither a foreign key's nor a partition key's. */
export function columnValues(
  catalog: Catalog,
  types: TypeValues,
  needs: TableNeeds,
  column: Column,
  random: Random,
): ColumnValues {
  const { hints } = needs
  const isUnique = needs.unique.some((set) => set.columns.length === 1 && set.columns[0] === column.name)
  const sequence = needs.sequences.get(column.name)
  if (sequence !== undefined) {
    const [start, step] = [BigInt(sequence.start), BigInt(sequence.increment)]
    return { wanted: [], value: (number) => String(start + BigInt(number) * step) }
  }
  const labels = allowedLabels(types, needs, column)
  const asked = new Set(hints.scenarios.map((scenario) => scenario[column.name]))
  const wanted = [...asked]
    .map((value) => (typeof value === 'string' ? fit(catalog, types, column, value) : undefined))
    .filter((value) => value !== undefined)
    .filter((value) => labels === undefined || labels.includes(value))
  if (labels !== undefined) {
    // Every label comes up, in an order that has nothing to do with that of other columns.
    const order = shuffled(labels, random)
    return { wanted, value: (number) => order[number % order.length] }
  }
  const type = castType(catalog, types, needs, column)
  if (baseType(catalog, type) === 'boolean') {
    const order = shuffled(['true', 'false', 'true', 'false', 'false', 'true'], random)
    return { wanted: [], value: (number) => order[number % order.length] }
  }
  if (/^jsonb?$/.test(baseType(catalog, column.type)) && isJsonArray(needs, column)) {
    return { wanted, value: (number) => jsonArrays[number % jsonArrays.length] }
  }
  const make = isUnique ? types.uniqueValue : types.value
  return { wanted, value: (number) => make(type, number) }
}

/** Returns what the pending statements ask of the table's rows, as far as its columns can hold it. */
export function tableScenarios(catalog: Catalog, types: TypeValues, needs: TableNeeds): Row[] {
  const scenarios = new Map<string, Row>()
  for (const asked of needs.hints.scenarios) {
    const scenario: Row = {}
    for (const column of needs.columns) {
      const value = asked[column.name]
      // References and numbers of sequences are as their tables have them.
      const isFree =
        !needs.sequences.has(column.name) && !needs.foreignKeys.some((key) => key.columns.includes(column.name))
      const fitting = typeof value === 'string' ? fit(catalog, types, column, value) : value
      if (isFree && fitting !== undefined && (fitting !== null || !needs.isNotNull(column.name))) {
        scenario[column.name] = fitting
      }
    }
    if (Object.keys(scenario).length > 0) {
      scenarios.set(JSON.stringify(scenario), scenario)
    }
  }
  return [...scenarios.values()]
}

const jsonArrays = ['[]', '[{"name": "alpha", "count": 1}]', '[{"name": "Beta"}, {"name": "O\'Brien"}]']

function isJsonArray(needs: TableNeeds, column: Column): boolean {
  return needs.hints.jsonArrays.has(column.name) || /^'\[/.test(column.default ?? '')
}

/** The labels of an enum, or of the enums that a text is to be cast to. */
function allowedLabels(types: TypeValues, needs: TableNeeds, column: Column): string[] | undefined {
  let labels = types.userType(column.type)?.labels
  for (const target of needs.hints.casts.get(column.name) ?? []) {
    const others = 'labels' in target ? target.labels : types.userTypeNamed(target.type)?.labels
    if (others !== undefined) {
      const common = labels === undefined ? others : labels.filter((label) => others.includes(label))
      labels = common.length > 0 ? common : labels
    }
  }
  return labels === undefined || labels.length === 0 ? undefined : labels
}

const textual = /^(text|character varying|character|name|.*citext)$/

/** The type whose values are written as this column's, where a pending statement casts the column to it. */
function castType(catalog: Catalog, types: TypeValues, needs: TableNeeds, column: Column): string {
  const own = splitType(baseType(catalog, column.type)).name
  for (const target of needs.hints.casts.get(column.name) ?? []) {
    if ('type' in target && types.value(target.type, 0) !== undefined) {
      const name = splitType(target.type).name
      const isText = textual.test(name)
      if (textual.test(own) && (!isText || target.type !== name)) {
        return target.type
      }
      if (/^(bigint|numeric|double precision|real)$/.test(own) && /^(smallint|integer|boolean)$/.test(name)) {
        return 'smallint'
      }
    }
  }
  return column.type
}

const shapes: Record<string, RegExp> = {
  smallint: /^-?\d{1,4}$/,
  integer: /^-?\d{1,9}$/,
  bigint: /^-?\d{1,18}$/,
  numeric: /^-?\d{1,12}(\.\d+)?$/,
  real: /^-?\d{1,12}(\.\d+)?$/,
  'double precision': /^-?\d{1,12}(\.\d+)?$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  date: /^\d{4}-\d{2}-\d{2}$/,
  'timestamp without time zone': /^\d{4}-\d{2}-\d{2}([ T].*)?$/,
  'timestamp with time zone': /^\d{4}-\d{2}-\d{2}([ T].*)?$/,
}

/** Returns a constant as a value of the column, if it can be one. */
export function fit(catalog: Catalog, types: TypeValues, column: Column, value: string): string | undefined {
  const base = baseType(catalog, column.type)
  if (base.endsWith('[]')) {
    const inner = fit(catalog, types, { ...column, type: base.slice(0, -2) }, value)
    return inner === undefined ? undefined : `{"${inner.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"}`
  }
  const labels = types.userType(base)?.labels
  if (labels !== undefined) {
    return labels.includes(value) ? value : undefined
  }
  const { name, argument } = splitType(base)
  if (textual.test(name)) {
    return argument === '' || [...value].length <= Number(argument) ? value : undefined
  }
  if (name === 'json' || name === 'jsonb') {
    return /^[[{]/.test(value) && isJson(value) ? value : undefined
  }
  return shapes[name]?.test(value) === true ? value : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // What a statement holds against a JSON column need not be JSON.
    return false
  }
}
