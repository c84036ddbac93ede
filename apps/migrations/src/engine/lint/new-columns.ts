/** The columns that a statement makes, those of a new table and those that ALTER TABLE adds. */
import type { ColumnDef, Node, RangeVar } from '@pgsql/types'
import { bodyOf } from '../plan/syntax.ts'
import { type ColumnType, columnTypeOf } from './column-types.ts'
import { type Checks, inlineConstraint, quoted, type Sight } from './rule.ts'

export interface NewColumn {
  name: string
  type: ColumnType | undefined
  definition: ColumnDef
  location: number | undefined
  isKey: boolean
}

/** Returns the check of the columns that CREATE TABLE or ALTER TABLE makes, all of a statement together. */
export function newColumns(check: (columns: NewColumn[], table: string, sight: Sight, isNew: boolean) => void): Checks {
  const show = (nodes: Node[], relation: RangeVar | undefined, sight: Sight, isNew: boolean): void => {
    const keys = new Set(nodes.flatMap(primaryColumns))
    const columns = nodes.flatMap((node) => columnOf(node, keys))
    if (columns.length > 0) {
      check(columns, quoted(relation?.relname), sight, isNew)
    }
  }
  return {
    CreateStmt(body, sight) {
      if (body.relation?.relpersistence !== 't') {
        show(body.tableElts ?? [], body.relation, sight, true)
      }
    },
    AlterTableStmt(body, sight) {
      const added = (body.cmds ?? []).flatMap((node) => {
        const command = bodyOf<{ subtype?: string; def?: Node }>(node, 'AlterTableCmd')
        return command?.subtype === 'AT_AddColumn' && command.def !== undefined ? [command.def] : []
      })
      show(added, body.relation, sight, false)
    },
  }
}

function primaryColumns(node: Node): string[] {
  const constraint = bodyOf<{ contype?: string; keys?: Node[] }>(node, 'Constraint')
  const keys = constraint?.contype === 'CONSTR_PRIMARY' ? (constraint.keys ?? []) : []
  return keys.map((key) => bodyOf<{ sval?: string }>(key, 'String')?.sval ?? '')
}

function columnOf(node: Node, keys: Set<string>): NewColumn[] {
  const definition = bodyOf<ColumnDef>(node, 'ColumnDef')
  if (definition === undefined) {
    return []
  }
  const name = definition.colname ?? ''
  const isKey = keys.has(name) || inlineConstraint(definition, 'CONSTR_PRIMARY') !== undefined
  return [{ name, type: columnTypeOf(definition.typeName), definition, location: definition.location, isKey }]
}
