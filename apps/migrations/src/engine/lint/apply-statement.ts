/** Carries a statement out on the model. What it does not understand it leaves alone. */
import type { CreateStmt, IndexElem, IndexStmt, Node, RangeVar, RenameStmt, TypeName } from '@pgsql/types'
import { bodyOf, kindOf, nameParts } from '../plan/syntax.ts'
import { addColumn, addConstraint, dropColumn } from './apply-command.ts'
import { keyOf, type ModelTable, type QualifiedName, type SchemaModel } from './schema-model.ts'

type Applier = (body: never, model: SchemaModel, migrationId: string) => void

/** Carries the statement out; the commands of an ALTER TABLE are carried out one by one by `applyCommand`. */
export function applyStatement(node: Node, model: SchemaModel, migrationId: string): void {
  const kind = kindOf(node)
  const body = bodyOf<never>(node, kind)
  if (body !== undefined) {
    appliers[kind]?.(body, model, migrationId)
  }
}

const appliers: Record<string, Applier> = {
  CreateStmt: createTable,
  IndexStmt: createIndex,
  RenameStmt: rename,
  DropStmt: drop,
  ViewStmt: createView,
  CreateTableAsStmt: createTableAs,
  CreateEnumStmt: createEnum,
  AlterEnumStmt: alterEnum,
  CreateDomainStmt: createDomain,
  CreateFunctionStmt: createFunction,
  AlterObjectSchemaStmt: moveToSchema,
  CreateSchemaStmt: createSchema,
}

function makeTable(
  relation: RangeVar | undefined,
  kind: ModelTable['kind'],
  model: SchemaModel,
  migrationId: string,
): ModelTable {
  const table: ModelTable = {
    ...placeOf(relation, model),
    kind,
    isTemporary: relation?.relpersistence === 't',
    isPartlyKnown: false,
    createdIn: migrationId,
    columns: new Map(),
    constraints: new Map(),
    dropped: new Map(),
  }
  model.tables.set(keyOf(table), table)
  return table
}

/** Returns the name of something that is made now. */
function placeOf(relation: RangeVar | undefined, model: SchemaModel): QualifiedName {
  return { schema: relation?.schemaname ?? model.searchPath[0] ?? 'public', name: relation?.relname ?? '' }
}

function createTable(body: CreateStmt, model: SchemaModel, migrationId: string): void {
  if (body.if_not_exists === true && body.relation !== undefined && model.findTable(body.relation) !== undefined) {
    return
  }
  const kind = body.partspec === undefined ? 'table' : 'partitioned'
  const table = makeTable(body.relation, kind, model, migrationId)
  for (const element of body.tableElts ?? []) {
    if ('ColumnDef' in element) {
      addColumn(element.ColumnDef, table, model, migrationId)
    } else if ('Constraint' in element) {
      addConstraint(element.Constraint, table, model, migrationId)
    }
  }
  const parent = bodyOf<RangeVar>(body.inhRelations?.[0], 'RangeVar')
  const inherited = parent === undefined ? undefined : model.findTable(parent)
  for (const [name, column] of inherited?.columns ?? []) {
    table.columns.set(name, { ...column })
  }
}

function createIndex(body: IndexStmt, model: SchemaModel, migrationId: string): void {
  const table = model.qualify(body.relation ?? {})
  const elements = (body.indexParams ?? []).map((node) => bodyOf<{ name?: string; expr?: Node }>(node, 'IndexElem'))
  const named = elements.map((element) => element?.name ?? 'expr')
  const name = body.idxname ?? `${table.name}_${named.join('_')}_idx`
  const key = keyOf({ schema: table.schema, name })
  if (body.if_not_exists === true && model.indexes.has(key)) {
    return
  }
  model.indexes.set(key, {
    schema: table.schema,
    name,
    table: keyOf(table),
    columns: elements.map((element) => element?.name ?? null),
    expressions: elements.flatMap((element) => (element?.expr === undefined ? [] : [element.expr])),
    isUnique: body.unique === true,
    isPartial: body.whereClause !== undefined,
    isPlain: isPlainIndex(body),
    method: body.accessMethod ?? 'btree',
    createdIn: migrationId,
  })
}

/** Tells whether it is a B-tree over columns in ascending order, with nothing further. */
export function isPlainIndex(index: IndexStmt): boolean {
  const hasPlainColumns = (index.indexParams ?? []).every((node) => {
    const element = bodyOf<IndexElem>(node, 'IndexElem')
    const isAscending = element?.ordering === 'SORTBY_DEFAULT' && element.nulls_ordering === 'SORTBY_NULLS_DEFAULT'
    return isAscending && element.opclass === undefined && element.collation === undefined && element.expr === undefined
  })
  const isBare = index.indexIncludingParams === undefined && index.whereClause === undefined
  return index.accessMethod === 'btree' && isBare && hasPlainColumns
}

function rename(body: RenameStmt, model: SchemaModel): void {
  const name = body.newname ?? ''
  switch (body.renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
      renameTable(body.relation, (place) => ({ ...place, name }), model)
      return
    case 'OBJECT_COLUMN':
      renameColumn(body, model)
      return
    case 'OBJECT_TABCONSTRAINT': {
      const constraints = body.relation === undefined ? undefined : model.findTable(body.relation)?.constraints
      moveKey(constraints, body.subname ?? '', name)
      return
    }
    case 'OBJECT_INDEX': {
      const index = model.findIndex(partsOf(body.relation))
      if (index !== undefined) {
        model.indexes.delete(keyOf(index))
        index.name = name
        model.indexes.set(keyOf(index), index)
      }
      return
    }
    case 'OBJECT_TYPE':
      renameType(namesIn(body.object), name, model)
      return
    case 'OBJECT_SCHEMA':
      renameSchema(body.subname ?? '', name, model)
      return
    default:
  }
}

function renameTable(
  relation: RangeVar | undefined,
  to: (place: QualifiedName) => QualifiedName,
  model: SchemaModel,
): void {
  const table = relation === undefined ? undefined : model.findTable(relation)
  if (table === undefined) {
    return
  }
  const from = keyOf(table)
  const references = model.foreignKeysTo(table)
  const indexes = model.indexesOf(table)
  model.tables.delete(from)
  Object.assign(table, to({ schema: table.schema, name: table.name }))
  model.tables.set(keyOf(table), table)
  for (const index of indexes) {
    index.table = keyOf(table)
  }
  for (const { constraint } of references) {
    Object.assign(constraint.references ?? {}, { schema: table.schema, name: table.name })
  }
}

function renameColumn({ relation, subname = '', newname = '' }: RenameStmt, model: SchemaModel): void {
  const table = relation === undefined ? undefined : model.findTable(relation)
  if (table === undefined) {
    return
  }
  const renamed = (column: string) => (column === subname ? newname : column)
  moveKey(table.columns, subname, newname)
  for (const constraint of table.constraints.values()) {
    constraint.columns = constraint.columns.map(renamed)
  }
  for (const index of model.indexesOf(table)) {
    index.columns = index.columns.map((column) => (column === null ? null : renamed(column)))
  }
  for (const { constraint } of model.foreignKeysTo(table)) {
    if (constraint.references !== undefined) {
      constraint.references.columns = constraint.references.columns.map(renamed)
    }
  }
}

function renameType(parts: string[], name: string, model: SchemaModel): void {
  const from = parts.at(-1) ?? ''
  moveKey(model.types, from, name)
  for (const table of model.tables.values()) {
    for (const column of table.columns.values()) {
      if (column.type?.name === from) {
        column.type = { ...column.type, name }
      }
    }
  }
}

function renameSchema(from: string, to: string, model: SchemaModel): void {
  for (const table of [...model.tables.values()].filter(({ schema }) => schema === from)) {
    const relation = { schemaname: from, relname: table.name }
    renameTable(relation, (place) => ({ ...place, schema: to }), model)
  }
}

function moveKey<Entry extends object>(map: Map<string, Entry> | undefined, from: string, to: string): void {
  const entry = map?.get(from)
  if (map !== undefined && entry !== undefined) {
    map.delete(from)
    map.set(to, 'name' in entry ? { ...entry, name: to } : entry)
  }
}

function drop(body: { removeType?: string; objects?: Node[] }, model: SchemaModel): void {
  for (const object of body.objects ?? []) {
    const parts = namesIn(object)
    const name = parts.at(-1) ?? ''
    switch (body.removeType) {
      case 'OBJECT_TABLE':
      case 'OBJECT_VIEW':
      case 'OBJECT_MATVIEW':
        dropTable(model.findTable({ schemaname: parts.at(-2), relname: name } as RangeVar), model)
        break
      case 'OBJECT_INDEX': {
        const index = model.findIndex(parts)
        model.indexes.delete(index === undefined ? '' : keyOf(index))
        break
      }
      case 'OBJECT_TYPE':
      case 'OBJECT_DOMAIN':
        model.types.delete(name)
        break
      case 'OBJECT_FUNCTION':
        model.functions.delete(name)
        break
      case 'OBJECT_SCHEMA':
        for (const table of [...model.tables.values()].filter(({ schema }) => schema === name)) {
          dropTable(table, model)
        }
        break
      default:
    }
  }
}

function dropTable(table: ModelTable | undefined, model: SchemaModel): void {
  if (table === undefined) {
    return
  }
  for (const { from, constraint } of model.foreignKeysTo(table)) {
    from.constraints.delete(constraint.name)
  }
  for (const column of table.columns.keys()) {
    dropColumn(column, table, model)
  }
  for (const index of model.indexesOf(table)) {
    model.indexes.delete(keyOf(index))
  }
  model.tables.delete(keyOf(table))
}

function createView(body: { view?: RangeVar; query?: Node }, model: SchemaModel, migrationId: string): void {
  makeTable(body.view, 'view', model, migrationId).query = body.query
}

function createTableAs(
  body: { into?: { rel?: RangeVar }; objtype?: string; query?: Node },
  model: SchemaModel,
  migrationId: string,
): void {
  const isView = body.objtype === 'OBJECT_MATVIEW'
  const table = makeTable(body.into?.rel, isView ? 'materializedView' : 'table', model, migrationId)
  table.query = isView ? body.query : undefined
}

function createEnum(body: { typeName?: Node[]; vals?: Node[] }, model: SchemaModel, migrationId: string): void {
  const name = nameParts(body.typeName).at(-1) ?? ''
  model.types.set(name, { kind: 'enum', values: nameParts(body.vals), createdIn: migrationId })
}

function alterEnum(body: { typeName?: Node[]; oldVal?: string; newVal?: string }, model: SchemaModel): void {
  const type = model.types.get(nameParts(body.typeName).at(-1) ?? '')
  if (type !== undefined && body.newVal !== undefined) {
    type.values = [...type.values.filter((value) => value !== body.oldVal), body.newVal]
  }
}

function createDomain(body: { domainname?: Node[] }, model: SchemaModel, migrationId: string): void {
  model.types.set(nameParts(body.domainname).at(-1) ?? '', { kind: 'domain', values: [], createdIn: migrationId })
}

function createFunction(body: { funcname?: Node[]; options?: Node[] }, model: SchemaModel, migrationId: string): void {
  const name = nameParts(body.funcname).at(-1) ?? ''
  model.functions.set(name, { volatility: volatilityOf(body.options), createdIn: migrationId })
}

/** Returns the volatility that the options of CREATE FUNCTION give. */
export function volatilityOf(options: Node[] | undefined): string {
  const option = (options ?? [])
    .map((node) => bodyOf<{ defname?: string; arg?: Node }>(node, 'DefElem'))
    .find((element) => element?.defname === 'volatility')
  return option?.arg === undefined ? 'volatile' : (nameParts([option.arg])[0] ?? 'volatile')
}

function moveToSchema(
  body: { objectType?: string; relation?: RangeVar; newschema?: string },
  model: SchemaModel,
): void {
  if (body.objectType === 'OBJECT_TABLE' || body.objectType === 'OBJECT_VIEW') {
    renameTable(body.relation, (place) => ({ ...place, schema: body.newschema ?? place.schema }), model)
  }
}

function createSchema(body: { schemaname?: string; schemaElts?: Node[] }, model: SchemaModel, id: string): void {
  const path = model.searchPath
  model.searchPath = [body.schemaname ?? '', ...path]
  for (const element of body.schemaElts ?? []) {
    applyStatement(element, model, id)
  }
  model.searchPath = path
}

/** Returns the parts of the name of an object of DROP, RENAME or COMMENT. */
export function namesIn(object: Node | undefined): string[] {
  const list = bodyOf<{ items?: Node[] }>(object, 'List')?.items
  const type = bodyOf<TypeName>(object, 'TypeName')?.names
  const called = bodyOf<{ objname?: Node[] }>(object, 'ObjectWithArgs')?.objname
  return nameParts(list ?? type ?? called ?? (object === undefined ? [] : [object]))
}

function partsOf(relation: RangeVar | undefined): string[] {
  const name = relation?.relname ?? ''
  return relation?.schemaname === undefined ? [name] : [relation.schemaname, name]
}
