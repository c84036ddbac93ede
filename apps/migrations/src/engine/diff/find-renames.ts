/** Finds in what a migration drops and adds what may be one thing under another name. Only a person can know. */

/** A table of the user's and its columns' types as Postgres writes them. */
export interface TableShape {
  schema: string
  name: string
  columns: Map<string, string>
}

/** A table, or a column of a table, that may have been given another name. */
export interface Rename {
  kind: 'table' | 'column'
  schema: string
  /** Of a column: its table's name. */
  table: string | null
  from: string
  to: string
}

/** Tables are taken for one where at least this part of their columns agree in name and type. */
const likenessMin = 0.5

/**
 * Returns what may be renamed between the schema before a migration and the one after it: tables first, the likeliest
 * before the others, then columns of one table and one type.
 */
export function findRenames(before: TableShape[], after: TableShape[]): Rename[] {
  const gone = before.filter((table) => findTable(after, table) === undefined)
  const added = after.filter((table) => findTable(before, table) === undefined)
  const tables = gone
    .flatMap((from) =>
      added.filter((to) => to.schema === from.schema).map((to) => ({ from, to, likeness: likenessOf(from, to) })),
    )
    .filter(({ likeness }) => likeness >= likenessMin)
    .sort((one, other) => other.likeness - one.likeness)
    .map(({ from, to }): Rename => ({ kind: 'table', schema: from.schema, table: null, from: from.name, to: to.name }))
  const columns = before.flatMap((table) => {
    const later = findTable(after, table)
    return later === undefined ? [] : renamedColumns(table, later)
  })
  return [...tables, ...columns]
}

/** Returns the statement that renames instead of dropping. */
export function renameSql(
  rename: Rename,
  quote: (schema: string, table: string) => string,
  quoteName: (name: string) => string,
): string {
  return rename.table === null
    ? `ALTER TABLE ${quote(rename.schema, rename.from)} RENAME TO ${quoteName(rename.to)};`
    : `ALTER TABLE ${quote(rename.schema, rename.table)} RENAME COLUMN ${quoteName(rename.from)} TO ${quoteName(rename.to)};`
}

/** Returns the rename as `--rename` takes it. */
export function nameRename({ table, from, to }: Rename): string {
  return table === null ? `${from}:${to}` : `${table}.${from}:${to}`
}

function findTable(tables: TableShape[], { schema, name }: TableShape): TableShape | undefined {
  return tables.find((table) => table.schema === schema && table.name === name)
}

function likenessOf(from: TableShape, to: TableShape): number {
  const same = [...from.columns].filter(([name, type]) => to.columns.get(name) === type).length
  return same / Math.max(from.columns.size, to.columns.size, 1)
}

function renamedColumns(before: TableShape, after: TableShape): Rename[] {
  const gone = [...before.columns].filter(([name]) => !after.columns.has(name))
  const added = [...after.columns].filter(([name]) => !before.columns.has(name))
  return gone.flatMap(([from, type]) =>
    added
      .filter(([, other]) => other === type)
      .map(([to]): Rename => ({ kind: 'column', schema: before.schema, table: before.name, from, to })),
  )
}
