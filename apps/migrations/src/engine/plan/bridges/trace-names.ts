/**
 * Follows names back through the plan: what a unit calls `b.y` may be `a.x` in the live catalog, renamed by units
 * before it, or may not be there at all because the plan makes it.
 */
import type { Node } from '@pgsql/types'
import type { Column, Relation, UserType } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand, bodyOf, kindOf, nameParts } from '../syntax.ts'

interface RenameFields {
  renameType?: string
  relationType?: string
  relation?: { schemaname?: string; relname?: string }
  subname?: string
  newname?: string
  object?: Node
}
interface SetSchemaFields {
  objectType?: string
  relation?: { schemaname?: string; relname?: string }
  newschema?: string
}

/** A relation that gets another name or schema. */
export interface RelationRename {
  from: RelationName
  to: RelationName
}

/** A column that gets another name; the relation under the name that the statement uses. */
export interface ColumnRename {
  relation: RelationName
  from: string
  to: string
}

const relationTypes = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
])

/** Returns the change of a relation's name or schema that the unit makes, if it makes one. */
export function relationRenameOf(unit: PlanningUnit, context: PlanContext): RelationRename | undefined {
  const rename = bodyOf<RenameFields>(unit.unit.node, 'RenameStmt')
  if (rename?.relation !== undefined && relationTypes.has(rename.renameType ?? '') && rename.newname !== undefined) {
    const from = context.resolve(rename.relation)
    return { from, to: { schema: from.schema, name: rename.newname } }
  }
  const move = bodyOf<SetSchemaFields>(unit.unit.node, 'AlterObjectSchemaStmt')
  if (move?.relation !== undefined && relationTypes.has(move.objectType ?? '') && move.newschema !== undefined) {
    const from = context.resolve(move.relation)
    return { from, to: { schema: move.newschema, name: from.name } }
  }
  return undefined
}

/** Returns the renaming of a column that the unit makes, if it makes one. */
export function columnRenameOf(unit: PlanningUnit, context: PlanContext): ColumnRename | undefined {
  const rename = bodyOf<RenameFields>(unit.unit.node, 'RenameStmt')
  if (rename?.renameType !== 'OBJECT_COLUMN' || rename.relation === undefined) {
    return undefined
  }
  if (rename.subname === undefined || rename.newname === undefined) {
    return undefined
  }
  return { relation: context.resolve(rename.relation), from: rename.subname, to: rename.newname }
}

/** Returns the relation's name in the live catalog; undefined if the plan makes it or nothing has that name. */
export function relationBefore(name: RelationName, order: number, context: PlanContext): RelationName | undefined {
  let current = name
  for (const unit of unitsBefore(order, context)) {
    if (unit.observation.createdRelations.some((created) => isSameName(created, current))) {
      return undefined
    }
    const rename = relationRenameOf(unit, context)
    if (rename !== undefined && isSameName(rename.to, current)) {
      current = rename.from
    }
  }
  return hasRelation(current, context) ? current : undefined
}

/** Returns the live catalog's relation that a unit means by this name. */
export function findLiveRelation(name: RelationName, order: number, context: PlanContext): Relation | undefined {
  const before = relationBefore(name, order, context)
  return before && context.catalog.relations.find((relation) => isSameName(relation, before))
}

/** Returns the live column that a unit means by this name; undefined if the plan makes it or its table. */
export function findLiveColumn(
  table: RelationName,
  column: string,
  order: number,
  context: PlanContext,
): Column | undefined {
  const relation = findLiveRelation(table, order, context)
  if (relation === undefined) {
    return undefined
  }
  let current = column
  for (const unit of unitsBefore(order, context)) {
    const rename = columnRenameOf(unit, context)
    if (rename?.to === current && isLive(rename.relation, unit, relation, context)) {
      current = rename.from
    }
    if (addsColumn(unit, current, relation, context)) {
      return undefined
    }
  }
  return relation.columns.find(({ name }) => name === current)
}

/** A possibly qualified name of an object; the schema is undefined where it was not written. */
export interface LooseName {
  schema: string | undefined
  name: string
}

/** Tells whether the names may be of one object: coarse where a schema was not written. */
export function matches(found: LooseName, wanted: LooseName): boolean {
  return (
    found.name === wanted.name &&
    (wanted.schema === undefined || found.schema === undefined || found.schema === wanted.schema)
  )
}

const typeMakers = new Set(['CreateEnumStmt', 'CreateDomainStmt', 'CreateRangeStmt', 'CompositeTypeStmt'])

/** Returns the live catalog's type that a unit means by this name; undefined if the plan makes it. */
export function findLiveType(name: LooseName, order: number, context: PlanContext): UserType | undefined {
  let current = name
  for (const { unit } of unitsBefore(order, context)) {
    const rename = bodyOf<RenameFields>(unit.node, 'RenameStmt')
    if (rename?.renameType === 'OBJECT_TYPE' || rename?.renameType === 'OBJECT_DOMAIN') {
      const parts = nameParts(bodyOf<{ items?: Node[] }>(rename.object, 'List')?.items)
      if (rename.newname === current.name) {
        current = { schema: parts.length > 1 ? parts.at(-2) : current.schema, name: parts.at(-1) ?? '' }
      }
    }
    if (typeMakers.has(kindOf(unit.node)) && madeTypeName(unit.node) === current.name) {
      return undefined
    }
  }
  return context.catalog.types.find((type) => matches(type, current))
}

function madeTypeName(node: Node): string | undefined {
  const body = bodyOf<{ typeName?: Node[]; domainname?: Node[]; typevar?: { relname?: string } }>(node, kindOf(node))
  return body?.typevar?.relname ?? nameParts(body?.typeName ?? body?.domainname).at(-1)
}

/** Tells whether both are the same name. */
export function isSameName(a: RelationName, b: RelationName): boolean {
  return a.schema === b.schema && a.name === b.name
}

function unitsBefore(order: number, context: PlanContext): PlanningUnit[] {
  return context.units.filter((unit) => unit.order < order).sort((a, b) => b.order - a.order)
}

function addsColumn(unit: PlanningUnit, column: string, relation: Relation, context: PlanContext): boolean {
  const alter = alterCommand(unit.unit.node)
  if (alter?.command.subtype !== 'AT_AddColumn') {
    return false
  }
  const added = bodyOf<{ colname?: string }>(alter.command.def, 'ColumnDef')?.colname
  // ADD COLUMN IF NOT EXISTS makes nothing where the column is there already.
  const noEffect = alter.command.missing_ok === true && relation.columns.some(({ name }) => name === added)
  return added === column && !noEffect && isLive(context.resolve(alter.relation), unit, relation, context)
}

function isLive(name: RelationName, unit: PlanningUnit, relation: Relation, context: PlanContext): boolean {
  const before = relationBefore(name, unit.order, context)
  return before !== undefined && isSameName(before, relation)
}

function hasRelation(name: RelationName, context: PlanContext): boolean {
  return (
    context.catalog.relations.some((relation) => isSameName(relation, name)) ||
    context.catalog.sequences.some((sequence) => isSameName(sequence, name))
  )
}
