import { columnNamesOf, rangeVarsOf } from '../plan/syntax.ts'
import type { Sight } from './rule.ts'
import { keyOf, type ModelTable } from './schema-model.ts'

/** Returns the views of the folder that read the column of the table that is altered. */
export function viewsReading(sight: Sight, column: string | undefined): ModelTable[] {
  const { schema, relation } = sight
  if (relation === undefined || column === undefined) {
    return []
  }
  const table = keyOf(schema.qualify(relation))
  return [...schema.tables.values()].filter(({ query }) => {
    if (query === undefined || !rangeVarsOf(query).some((read) => keyOf(schema.qualify(read)) === table)) {
      return false
    }
    const columns = columnNamesOf(query)
    // SELECT * is written out when the view is made, so it reads all columns of that moment.
    return columns.has(column) || columns.has('*')
  })
}
