/** Carries one command of an ALTER TABLE out on the model, and makes the columns and constraints of new tables. */
import type { AlterTableCmd, ColumnDef, Constraint, Node, RangeVar } from '@pgsql/types'
import { bodyOf, columnNamesOf, nameParts } from '../plan/syntax.ts'
import { columnTypeOf, isSerial } from './column-types.ts'
import { isVolatile } from './expressions.ts'
import { keyOf, type ModelConstraint, type ModelTable, type SchemaModel } from './schema-model.ts'

/** Carries the command out; a table that the folder does not make is known from then on by what is added to it. */
export function applyCommand(
  command: AlterTableCmd,
  relation: RangeVar,
  model: SchemaModel,
  migrationId: string,
): void {
  const table = model.findTable(relation) ?? model.assumeTable(relation)
  const column = table.columns.get(command.name ?? '')
  const definition = bodyOf<ColumnDef>(command.def, 'ColumnDef')
  switch (command.subtype) {
    case 'AT_AddColumn':
      if (definition !== undefined && !(command.missing_ok === true && table.columns.has(definition.colname ?? ''))) {
        addColumn(definition, table, model, migrationId)
      }
      return
    case 'AT_DropColumn':
      dropColumn(command.name ?? '', table, model)
      return
    case 'AT_AlterColumnType':
      if (column !== undefined) {
        column.type = columnTypeOf(definition?.typeName)
      }
      return
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
      if (column !== undefined) {
        column.isNotNull = command.subtype === 'AT_SetNotNull'
      }
      return
    case 'AT_AddConstraint': {
      const constraint = bodyOf<Constraint>(command.def, 'Constraint')
      if (constraint !== undefined) {
        addConstraint(constraint, table, model, migrationId)
      }
      return
    }
    case 'AT_DropConstraint':
      dropConstraint(command.name ?? '', table)
      return
    case 'AT_ValidateConstraint': {
      const constraint = table.constraints.get(command.name ?? '')
      if (constraint !== undefined) {
        constraint.isValidated = true
      }
      return
    }
    default:
  }
}

/** Adds the column with its constraints. */
export function addColumn(column: ColumnDef, table: ModelTable, model: SchemaModel, migrationId: string): void {
  const name = column.colname ?? ''
  const constraints = (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
  const types = new Set(constraints.map(({ contype }) => contype))
  const byDefault = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
  const isFilled = isSerial(column.typeName) || types.has('CONSTR_IDENTITY') || types.has('CONSTR_GENERATED')
  table.columns.set(name, {
    name,
    type: columnTypeOf(column.typeName),
    isNotNull:
      types.has('CONSTR_NOTNULL') ||
      types.has('CONSTR_PRIMARY') ||
      types.has('CONSTR_IDENTITY') ||
      isSerial(column.typeName),
    addedIn: migrationId,
    constantOfRows: byDefault !== undefined && !isFilled && !isNullConstant(byDefault) && !isVolatile(byDefault),
  })
  for (const constraint of constraints) {
    addConstraint(constraint, table, model, migrationId, name)
  }
}

/** Tells whether the expression is the constant NULL. */
export function isNullConstant(expression: Node): boolean {
  const inner = bodyOf<{ arg?: Node }>(expression, 'TypeCast')?.arg ?? expression
  return bodyOf<{ isnull?: boolean }>(inner, 'A_Const')?.isnull === true
}

const kinds: Record<string, { kind: ModelConstraint['kind']; suffix: string }> = {
  CONSTR_PRIMARY: { kind: 'primary', suffix: 'pkey' },
  CONSTR_UNIQUE: { kind: 'unique', suffix: 'key' },
  CONSTR_FOREIGN: { kind: 'foreign', suffix: 'fkey' },
  CONSTR_CHECK: { kind: 'check', suffix: 'check' },
  CONSTR_EXCLUSION: { kind: 'exclude', suffix: 'excl' },
}

/** Adds the constraint; `column` is the one behind which it stands. */
export function addConstraint(
  constraint: Constraint,
  table: ModelTable,
  model: SchemaModel,
  migrationId: string,
  column?: string,
): void {
  const known = kinds[constraint.contype ?? '']
  if (known === undefined) {
    return
  }
  const { kind, suffix } = known
  const index = constraint.indexname === undefined ? undefined : model.findIndex([table.schema, constraint.indexname])
  const columns = column === undefined ? columnsOf(constraint, index?.columns) : [column]
  const between = kind === 'primary' ? '' : `_${columns.join('_')}`
  const name = constraint.conname ?? constraint.indexname ?? `${table.name}${between}_${suffix}`
  if (kind === 'primary') {
    for (const each of columns) {
      Object.assign(table.columns.get(each) ?? {}, { isNotNull: true })
    }
  }
  if (index !== undefined) {
    // The index takes the constraint's name and goes with it.
    model.indexes.delete(keyOf(index))
  }
  table.constraints.set(name, {
    name,
    kind,
    columns,
    ...(constraint.pktable === undefined
      ? {}
      : {
          references: { ...model.qualify(constraint.pktable), columns: nameParts(constraint.pk_attrs) },
          deleteAction: constraint.fk_del_action,
        }),
    isValidated: constraint.skip_validation !== true,
    addedIn: migrationId,
  })
}

function columnsOf(constraint: Constraint, ofIndex: (string | null)[] | undefined): string[] {
  if (ofIndex !== undefined) {
    return ofIndex.filter((name) => name !== null)
  }
  if (constraint.raw_expr !== undefined) {
    return [...columnNamesOf(constraint.raw_expr)]
  }
  const keys = constraint.contype === 'CONSTR_FOREIGN' ? constraint.fk_attrs : constraint.keys
  return nameParts(keys)
}

/** Removes the column, and what stands on it. */
export function dropColumn(name: string, table: ModelTable, model: SchemaModel): void {
  table.columns.delete(name)
  for (const constraint of [...table.constraints.values()]) {
    if (constraint.columns.includes(name)) {
      table.constraints.delete(constraint.name)
    }
  }
  for (const index of model.indexesOf(table)) {
    if (index.columns.includes(name)) {
      model.indexes.delete(keyOf(index))
    }
  }
}

function dropConstraint(name: string, table: ModelTable): void {
  const dropped = table.constraints.get(name)
  table.constraints.delete(name)
  if (dropped !== undefined) {
    table.dropped.set(name, dropped)
  }
}
