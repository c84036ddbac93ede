/** What adding a column costs, by what stands behind its type. */
import type { ColumnDef } from '@pgsql/types'
import { isSerial } from './column-types.ts'
import { isVolatile } from './expressions.ts'
import { inlineConstraint } from './rule.ts'

/** `plain`: a change of the catalog alone. `required`: NOT NULL with nothing that fills it. The others rewrite the table. */
export type AddedColumn = 'plain' | 'required' | 'volatile' | 'serial' | 'identity' | 'stored'

/** Returns the kind of the column. */
export function kindOfAdded(column: ColumnDef): AddedColumn {
  const generated = inlineConstraint(column, 'CONSTR_GENERATED')
  const byDefault = inlineConstraint(column, 'CONSTR_DEFAULT')?.raw_expr
  if (isSerial(column.typeName)) {
    return 'serial'
  }
  if (inlineConstraint(column, 'CONSTR_IDENTITY') !== undefined) {
    return 'identity'
  }
  if (generated !== undefined) {
    return generated.generated_kind === 'v' ? 'plain' : 'stored'
  }
  if (byDefault !== undefined) {
    return isVolatile(byDefault) ? 'volatile' : 'plain'
  }
  const isRequired = inlineConstraint(column, 'CONSTR_NOTNULL') ?? inlineConstraint(column, 'CONSTR_PRIMARY')
  return isRequired === undefined ? 'plain' : 'required'
}
