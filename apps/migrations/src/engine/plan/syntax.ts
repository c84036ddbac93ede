/** Reads facts off Postgres' parse trees. */
import type { AlterTableCmd, Node, RangeVar } from '@pgsql/types'

/** Returns the node's tag, such as `AlterTableStmt`. */
export function kindOf(node: Node): string {
  return Object.keys(node)[0] ?? ''
}

/** Returns the node's fields if it is of that kind. */
export function bodyOf<T>(node: Node | undefined, kind: string): T | undefined {
  return node === undefined ? undefined : ((node as unknown as Record<string, T>)[kind] as T | undefined)
}

/** Returns the one command of an ALTER TABLE that has been split; undefined for anything else. */
export function alterCommand(
  node: Node,
): { command: AlterTableCmd; relation: RangeVar; objectType: string } | undefined {
  const statement = bodyOf<{ relation?: RangeVar; cmds?: Node[]; objtype?: string }>(node, 'AlterTableStmt')
  const command = bodyOf<AlterTableCmd>(statement?.cmds?.[0], 'AlterTableCmd')
  if (statement?.relation === undefined || command === undefined || (statement.cmds?.length ?? 0) !== 1) {
    return undefined
  }
  return { command, relation: statement.relation, objectType: statement.objtype ?? 'OBJECT_TABLE' }
}

/** Returns every identifier and string constant of the tree; coarse on purpose, for questions of «may it name this?». */
export function wordsOf(node: unknown): Set<string> {
  const words = new Set<string>()
  visit(node, (value) => words.add(value))
  return words
}

const notNames = new Set(['location', 'stmt_location', 'stmt_len', 'objtype', 'subtype', 'contype', 'behavior', 'kind'])

function visit(value: unknown, found: (word: string) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      visit(item, found)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      if (typeof field === 'string') {
        if (!notNames.has(key)) {
          found(field)
        }
      } else {
        visit(field, found)
      }
    }
  }
}

/** Returns every table reference in the tree. */
export function rangeVarsOf(node: unknown): RangeVar[] {
  const found: RangeVar[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, field] of Object.entries(value)) {
        // A partition is named by its command's `name`, the table of CREATE TABLE AS by `rel`.
        if (['RangeVar', 'relation', 'pktable', 'name', 'rel'].includes(key)) {
          const candidate = field as RangeVar | null
          if (typeof candidate?.relname === 'string') {
            found.push(candidate)
          }
        }
        walk(field)
      }
    }
  }
  walk(node)
  return found
}

/** Returns the parts of a possibly qualified name that the parser gives as a list of strings. */
export function nameParts(nodes: Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => bodyOf<{ sval?: string }>(node, 'String')?.sval ?? '')
}

/** Returns the last name of every column reference in the tree; `*` for a whole row. */
export function columnNamesOf(node: unknown): Set<string> {
  const names = new Set<string>()
  eachNode(node, 'ColumnRef', (reference: { fields?: Node[] }) => {
    const last = reference.fields?.at(-1)
    names.add(last === undefined || 'A_Star' in last ? '*' : (bodyOf<{ sval?: string }>(last, 'String')?.sval ?? ''))
  })
  return names
}

/** Calls back for every node of the kind in the tree, outer ones first. */
export function eachNode<T>(node: unknown, kind: string, found: (body: T) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) {
      eachNode(item, kind, found)
    }
  } else if (typeof node === 'object' && node !== null) {
    for (const [key, field] of Object.entries(node)) {
      if (key === kind) {
        found(field as T)
      }
      eachNode(field, kind, found)
    }
  }
}
