import type { Node } from '@pgsql/types'
import type { Catalog, Relation } from '../../inspect/catalog.ts'
import { parseSql } from '../../parse/parser.ts'
import { bodyOf, columnNamesOf } from '../../plan/syntax.ts'
import { printedNames } from '../../prove/find-type.ts'
import { constantText } from './scenarios.ts'

interface Bound {
  strategy?: string
  is_default?: boolean
  listdatums?: Node[]
  lowerdatums?: Node[]
  upperdatums?: Node[]
}

/**
 * Returns values of the partition key, one set for each partition at the bottom that has a bound of constants; empty for
 * a table that is not partitioned, or that takes any value.
 */
export function partitionValues(catalog: Catalog, relation: Relation): Record<string, string>[] {
  if (relation.partitionKey === null) {
    return []
  }
  const columns = keyColumns(relation.partitionKey)
  return catalog.relations
    .filter((partition) => partition.partition !== null && printedNames(relation).includes(partition.partition.of))
    .flatMap((partition) => {
      const own = boundValues(partition.partition?.bound ?? '', columns)
      const below = partitionValues(catalog, partition)
      return below.length === 0 ? [own] : below.map((values) => ({ ...own, ...values }))
    })
    .filter((values) => Object.keys(values).length > 0)
}

function keyColumns(partitionKey: string): string[] {
  const parsed = parseSql(`CREATE TABLE t () PARTITION BY ${partitionKey}`)[0]?.node
  const spec = bodyOf<{ partspec?: { partParams?: Node[] } }>(parsed, 'CreateStmt')?.partspec
  return (spec?.partParams ?? []).map((node) => {
    const element = bodyOf<{ name?: string; expr?: Node }>(node, 'PartitionElem')
    return element?.name ?? [...columnNamesOf(element?.expr)][0] ?? ''
  })
}

function boundValues(bound: string, columns: string[]): Record<string, string> {
  const parsed = parseSql(`CREATE TABLE p PARTITION OF t ${bound}`)[0]?.node
  const spec = bodyOf<{ partbound?: Bound }>(parsed, 'CreateStmt')?.partbound
  if (spec === undefined || spec.is_default === true) {
    return {}
  }
  if (spec.listdatums !== undefined) {
    const value = spec.listdatums.map(constantText).find((text) => text !== undefined)
    return value === undefined || columns[0] === undefined ? {} : { [columns[0]]: value }
  }
  const values: Record<string, string> = {}
  for (const [position, column] of columns.entries()) {
    // The lower bound belongs to the partition.
    const value = constantText(spec.lowerdatums?.[position])
    if (value !== undefined) {
      values[column] = value
    }
  }
  return values
}
