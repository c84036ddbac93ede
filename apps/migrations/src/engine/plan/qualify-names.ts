/** Writes out the schemas that a search_path of the migration's own gives to the names of its statements. */
import type { Node, RangeVar } from '@pgsql/types'
import type { RelationName } from '../rehearse/observation.ts'
import { bodyOf, kindOf, nameParts } from './syntax.ts'

/** Returns the statement with each table's schema, where the path finds it; what it makes goes to the path's first. */
export function qualifyNames(node: Node, path: string[], exists: (name: RelationName) => boolean): Node {
  const copy = structuredClone(node)
  const makes = new Set(['CreateStmt', 'ViewStmt', 'CreateTableAsStmt', 'CreateSeqStmt'])
  const schemaOf = (name: string): string | undefined => path.find((schema) => exists({ schema, name }))
  const queries = new Set<string>()
  collectQueries(copy, queries)
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, field] of Object.entries(value)) {
        if (tableKeys.has(key) && typeof (field as RangeVar | null)?.relname === 'string') {
          qualify(field as RangeVar, key === 'RangeVar' ? queries : new Set(), schemaOf)
        }
        walk(field)
      }
    }
  }
  walk(copy)
  const made = bodyOf<{ relation?: RangeVar; view?: RangeVar; into?: { rel?: RangeVar }; sequence?: RangeVar }>(
    copy,
    kindOf(copy),
  )
  const target = makes.has(kindOf(copy))
    ? (made?.relation ?? made?.view ?? made?.into?.rel ?? made?.sequence)
    : undefined
  if (target !== undefined && target.schemaname === undefined && target.relpersistence !== 't') {
    target.schemaname = path[0] as string
  }
  qualifyDropped(copy, schemaOf)
  return copy
}

/** Returns the name that a qualified statement gives to a table that had another one. */
export function renamedTo(node: Node | undefined): RelationName[] {
  const rename = bodyOf<{ renameType?: string; relation?: RangeVar; newname?: string }>(node, 'RenameStmt')
  const move = bodyOf<{ relation?: RangeVar; newschema?: string }>(node, 'AlterObjectSchemaStmt')
  const table = rename?.relation ?? move?.relation
  if (table?.relname === undefined || rename?.renameType === 'OBJECT_COLUMN') {
    return []
  }
  const schema = move?.newschema ?? table.schemaname
  return schema === undefined ? [] : [{ schema, name: rename?.newname ?? table.relname }]
}

const tableKeys = new Set(['RangeVar', 'relation', 'pktable', 'table', 'name', 'sequence'])

function qualify(table: RangeVar, queries: Set<string>, schemaOf: (name: string) => string | undefined): void {
  const name = table.relname ?? ''
  const schema = table.schemaname === undefined && !queries.has(name) ? schemaOf(name) : undefined
  if (schema !== undefined) {
    table.schemaname = schema
  }
}

/** DROP gives names as lists; a part such as a trigger is named behind its table. */
function qualifyDropped(root: Node, schemaOf: (name: string) => string | undefined): void {
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(root, 'DropStmt')
  const type = drop?.removeType ?? ''
  const isPart = /^OBJECT_(TRIGGER|POLICY|RULE)$/.test(type)
  if (!isPart && !/^OBJECT_(TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/.test(type)) {
    return
  }
  for (const object of drop?.objects ?? []) {
    const list = bodyOf<{ items?: Node[] }>(object, 'List')
    const parts = nameParts(list?.items)
    const schema = parts.length === (isPart ? 2 : 1) ? schemaOf(parts[0] ?? '') : undefined
    if (list !== undefined && schema !== undefined) {
      list.items = [{ String: { sval: schema } }, ...(list.items ?? [])]
    }
  }
}

function collectQueries(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      collectQueries(item, names)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      if (key === 'ctename' && typeof field === 'string') {
        names.add(field)
      }
      collectQueries(field, names)
    }
  }
}
