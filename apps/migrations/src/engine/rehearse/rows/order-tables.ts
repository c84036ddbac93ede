import type { ForeignKey, TableNeeds } from './table-needs.ts'

/** In which order tables are filled, and what of their foreign keys has to wait. */
export interface FillOrder {
  tables: TableNeeds[]
  /** Null at first, and set when all tables are filled. */
  late: Set<ForeignKey>
  /** Checked at the end of the transaction, for their parents are filled after them. */
  deferred: Set<ForeignKey>
}

/** Returns the tables with parents before children; cycles are cut where a column may be null, or a check may wait. */
export function orderTables(tables: TableNeeds[]): FillOrder {
  const byKey = new Map(tables.map((table) => [table.key, table]))
  const left = new Set(tables)
  const order: FillOrder = { tables: [], late: new Set(), deferred: new Set() }
  const openKeys = (table: TableNeeds): ForeignKey[] =>
    table.foreignKeys.filter((key) => {
      const parent = byKey.get(key.parent)
      return parent !== undefined && parent !== table && left.has(parent)
    })
  while (left.size > 0) {
    const chosen =
      [...left].find((table) => openKeys(table).length === 0) ??
      [...left].find((table) => openKeys(table).every((key) => key.nullable)) ??
      [...left].find((table) => openKeys(table).every((key) => key.nullable || key.deferrable)) ??
      ([...left][0] as TableNeeds)
    for (const key of openKeys(chosen)) {
      ;(key.nullable ? order.late : order.deferred).add(key)
    }
    left.delete(chosen)
    order.tables.push(chosen)
  }
  return order
}
