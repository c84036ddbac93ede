/** Tells what of a statement's objects was there before the plan. */
import type { Node, RangeVar } from '@pgsql/types'
import type { RelationName } from '../../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf, kindOf, nameParts } from '../syntax.ts'
import { findLiveRelation, findLiveType, type LooseName, matches, relationBefore } from './trace-names.ts'

/** Returns the qualified name behind a list of parser strings. */
export function looseName(parts: string[]): LooseName {
  return { schema: parts.length > 1 ? parts.at(-2) : undefined, name: parts.at(-1) ?? '' }
}

/** Returns the parts of the name of an object that DROP or COMMENT lists: a list, a type or a function with arguments. */
export function objectNameParts(object: Node): string[] {
  const list = bodyOf<{ items?: Node[] }>(object, 'List')?.items
  const type = bodyOf<{ names?: Node[] }>(object, 'TypeName')?.names
  const routine = bodyOf<{ objname?: Node[] }>(object, 'ObjectWithArgs')?.objname
  const text = bodyOf<{ sval?: string }>(object, 'String')?.sval
  return text === undefined ? nameParts(list ?? type ?? routine) : [text]
}

interface DropFields {
  objects?: Node[]
  removeType?: string
}

const relationTypes = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
])
/** Tells whether objects of this kind share the namespace of tables. */
export function isRelationType(type: string): boolean {
  return relationTypes.has(type)
}

const partTypes = new Set(['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'])

/** Tells whether all that the statement changes is made by the plan, or is not there at all, so that nobody can wait for it. */
export function isTargetNew(unit: PlanningUnit, context: PlanContext): boolean {
  const { node } = unit.unit
  if (kindOf(node) === 'DropStmt') {
    const drop = bodyOf<DropFields>(node, 'DropStmt')
    return (drop?.objects ?? []).every(
      (object) => !isObjectLive(objectNameParts(object), drop?.removeType ?? '', unit, context),
    )
  }
  const named = namedObjectOf(node)
  if (named !== undefined) {
    return !isObjectLive(objectNameParts(named.object), named.type, unit, context)
  }
  const targets = targetsOf(node)
  return targets.length > 0 && targets.every((target) => isNewRelation(context.resolve(target), unit, context))
}

function isNewRelation(name: RelationName, unit: PlanningUnit, context: PlanContext): boolean {
  return context.isNew(name) && relationBefore(name, unit.order, context) === undefined
}

/** The relations that the statement changes, not those that it only reads. */
function targetsOf(node: Node): RangeVar[] {
  const kind = kindOf(node)
  const body = bodyOf<{ relation?: RangeVar; relations?: Node[]; table?: RangeVar; sequence?: RangeVar }>(node, kind)
  if (kind === 'TruncateStmt') {
    return (body?.relations ?? []).flatMap((relation) => bodyOf<RangeVar>(relation, 'RangeVar') ?? [])
  }
  if (kind === 'RenameStmt' && bodyOf<{ renameType?: string }>(node, kind)?.renameType === 'OBJECT_INDEX') {
    return []
  }
  const target = body?.relation ?? body?.table ?? body?.sequence
  return target === undefined ? [] : [target]
}

interface ObjectFields {
  object?: Node
  objectType?: string
  renameType?: string
  relation?: RangeVar
  typeName?: Node[] | { names?: Node[] }
}

/** The object that ALTER … names where it is not a relation. */
function namedObjectOf(node: Node): { object: Node; type: string } | undefined {
  const kind = kindOf(node)
  const body = bodyOf<ObjectFields>(node, kind)
  if (kind === 'AlterDomainStmt' || kind === 'AlterEnumStmt' || kind === 'AlterTypeStmt') {
    return Array.isArray(body?.typeName)
      ? { object: { List: { items: body.typeName } }, type: 'OBJECT_TYPE' }
      : undefined
  }
  if (kind !== 'RenameStmt' && kind !== 'AlterOwnerStmt' && kind !== 'AlterObjectSchemaStmt') {
    return undefined
  }
  const type = body?.renameType ?? body?.objectType ?? ''
  return body?.object === undefined || body.relation !== undefined ? undefined : { object: body.object, type }
}

function isObjectLive(parts: string[], type: string, unit: PlanningUnit, context: PlanContext): boolean {
  if (isRelationType(type)) {
    return relationBefore(toRelationName(parts, context), unit.order, context) !== undefined
  }
  if (partTypes.has(type)) {
    const table = findLiveRelation(toRelationName(parts.slice(0, -1), context), unit.order, context)
    const name = parts.at(-1)
    return [...(table?.triggers ?? []), ...(table?.policies ?? []), ...(table?.rules ?? [])].some(
      (part) => part.name === name,
    )
  }
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
    return findLiveType(looseName(parts), unit.order, context) !== undefined
  }
  return namesOfType(type, context)?.some((name) => matches(name, looseName(parts))) ?? true
}

function toRelationName(parts: string[], context: PlanContext): RelationName {
  return context.resolve({ schemaname: parts.length > 1 ? parts.at(-2) : undefined, relname: parts.at(-1) })
}

/** The live objects of a family; undefined for one that is not looked into. */
function namesOfType(type: string, { catalog }: PlanContext): LooseName[] | undefined {
  switch (type) {
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
    case 'OBJECT_AGGREGATE':
      return catalog.functions
    case 'OBJECT_INDEX':
      return catalog.relations.flatMap(({ schema, indexes }) => indexes.map(({ name }) => ({ schema, name })))
    case 'OBJECT_SCHEMA':
      return catalog.schemas.map(({ name }) => ({ schema: undefined, name }))
    case 'OBJECT_EXTENSION':
      return catalog.extensions.map(({ name }) => ({ schema: undefined, name }))
    default:
      return undefined
  }
}

/** Tells whether CREATE OR REPLACE meets something of the same name that was there and that the plan changes. */
export function existedBefore(unit: PlanningUnit, context: PlanContext): boolean {
  const { node } = unit.unit
  const routine = bodyOf<{ funcname?: Node[] }>(node, 'CreateFunctionStmt')
  if (routine !== undefined) {
    return isRoutineChanged(looseName(nameParts(routine.funcname)), context)
  }
  const part = bodyOf<{ relation?: RangeVar; trigname?: string; rulename?: string }>(node, kindOf(node))
  const table = findLiveRelation(context.resolve(part?.relation ?? {}), unit.order, context)
  const name = part?.trigname ?? part?.rulename
  return [...(table?.triggers ?? []), ...(table?.rules ?? [])].some((existing) => existing.name === name)
}

/** A new signature beside an old one adds; the same signature with another body changes. */
function isRoutineChanged(name: LooseName, { catalog, after }: PlanContext): boolean {
  return catalog.functions
    .filter((routine) => matches(routine, name))
    .some((routine) => {
      const later = after.functions.find(
        (candidate) => matches(candidate, routine) && candidate.identityArguments === routine.identityArguments,
      )
      return later?.definition !== routine.definition
    })
}
