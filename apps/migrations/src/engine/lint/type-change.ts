/** What a change of a column's type does, as far as the folder tells what the type was. */
import type { AlterTableCmd, ColumnDef, RangeVar } from '@pgsql/types'
import { bodyOf } from '../plan/syntax.ts'
import { columnTypeOf, isPlainCast, keepsRows, showType } from './column-types.ts'
import { type Checks, onCommand, quoted, type Sight, tableOf } from './rule.ts'
import { viewsReading } from './views.ts'

/**
 * `viewed`: fails, for a view reads the column. `inPlace`: a change of the catalog alone; `checked` where a CHECK is
 * read again. `ofKey`, `rewriting`: rewrites the table. `none`: the type is the one that it was.
 */
type Effect = 'viewed' | 'inPlace' | 'checked' | 'ofKey' | 'rewriting' | 'none'

/** Returns the check of type changes with that effect; `what` says which column becomes what. */
export function onTypeChange(
  effect: Effect,
  check: (what: string, sight: Sight & { relation: RangeVar }, at: ColumnDef, column: string | undefined) => void,
): Checks {
  return onCommand(['AT_AlterColumnType'], (command, table, sight) => {
    const definition = bodyOf<ColumnDef>(command.def, 'ColumnDef')
    const to = columnTypeOf(definition?.typeName)
    if (definition === undefined || to === undefined || effectOf(command, definition, sight) !== effect) {
      return
    }
    const from = tableOf(sight, sight.relation)?.columns.get(command.name ?? '')?.type
    const was = from === undefined ? '' : ` from ${showType(from)}`
    check(
      `changes column ${quoted(command.name)} of ${table}${was} to ${showType(to)}`,
      sight,
      definition,
      command.name,
    )
  })
}

function effectOf(command: AlterTableCmd, definition: ColumnDef, sight: Sight & { relation: RangeVar }): Effect {
  const name = command.name ?? ''
  const table = tableOf(sight, sight.relation)
  const from = table?.columns.get(name)?.type
  const to = columnTypeOf(definition.typeName)
  if (to === undefined || viewsReading(sight, name).length > 0) {
    return 'viewed'
  }
  const constraints = [...(table?.constraints.values() ?? [])].filter(({ columns }) => columns.includes(name))
  const isIndexed =
    constraints.some(({ kind }) => kind !== 'check') ||
    (table !== undefined && sight.schema.indexesOf(table).some(({ columns }) => columns.includes(name)))
  // citext compares otherwise than text, so that the column's indexes are built again.
  const reorders = isIndexed && from?.name !== to.name && (from?.name === 'citext' || to.name === 'citext')
  const keeps = from !== undefined && keepsRows(from, to) && isPlainCast(definition.raw_default, name, to) && !reorders
  if (from !== undefined && keeps && showType(from) === showType(to)) {
    return 'none'
  }
  if (keeps) {
    return constraints.some(({ kind }) => kind === 'check') ? 'checked' : 'inPlace'
  }
  const isReferenced =
    table !== undefined &&
    sight.schema.foreignKeysTo(table).some(({ constraint }) => constraint.references?.columns.includes(name) === true)
  const isKey = constraints.some(({ kind }) => kind === 'primary' || kind === 'foreign')
  return isKey || isReferenced ? 'ofKey' : 'rewriting'
}
