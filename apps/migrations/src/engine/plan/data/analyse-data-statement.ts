/** Reads off a data statement's tree which tables it reads and writes, and what it assigns. */
import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, UpdateStmt, WithClause } from '@pgsql/types'
import { bodyOf } from '../syntax.ts'

/** A statement that changes rows, taken apart as far as all kinds have it in common. */
export interface DataStatement {
  kind: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt' | 'MergeStmt'
  node: Node
  target: RangeVar
  /** What the statement itself calls its target. */
  alias: string
  /** Columns that UPDATE or ON CONFLICT DO UPDATE assigns. */
  assigned: string[]
}

const kinds = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'] as const

/** Returns the statement taken apart; undefined where it is none of INSERT, UPDATE, DELETE and MERGE. */
export function toDataStatement(node: Node): DataStatement | undefined {
  for (const kind of kinds) {
    const body = bodyOf<InsertStmt & UpdateStmt & DeleteStmt & MergeStmt>(node, kind)
    if (body?.relation?.relname !== undefined) {
      const target = body.relation
      const alias = target.alias?.aliasname ?? (target.relname as string)
      const targets = kind === 'UpdateStmt' ? body.targetList : body.onConflictClause?.targetList
      const assigned = (targets ?? []).map((item) => bodyOf<{ name?: string }>(item, 'ResTarget')?.name ?? '')
      return { kind, node, target, alias, assigned: [...new Set(assigned)] }
    }
  }
  return undefined
}

/** Returns the tables that the statement names, without the names of its WITH queries; a table may be in both lists. */
export function tablesOf(node: Node): { reads: RangeVar[]; writes: RangeVar[] } {
  const found = { reads: [] as RangeVar[], writes: [] as RangeVar[] }
  collect(node, new Set(), found)
  return found
}

function collect(value: unknown, queries: Set<string>, found: { reads: RangeVar[]; writes: RangeVar[] }): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      collect(item, queries, found)
    }
    return
  }
  if (typeof value !== 'object' || value === null) {
    return
  }
  const inner = withQueries(value, queries)
  for (const [key, field] of Object.entries(value)) {
    if (key === 'RangeVar') {
      const table = field as RangeVar
      if (table.schemaname !== undefined || !inner.has(table.relname ?? '')) {
        found.reads.push(table)
      }
    } else if ((kinds as readonly string[]).includes(key)) {
      const { relation, ...rest } = field as { relation: RangeVar }
      found.writes.push(relation)
      collect(rest, inner, found)
    } else {
      collect(field, inner, found)
    }
  }
}

/** The names of a WITH clause are known in its whole statement; that one of them may be known too early is harmless. */
function withQueries(value: object, outer: Set<string>): Set<string> {
  const clause = (value as { withClause?: WithClause }).withClause
  const names = (clause?.ctes ?? []).map(
    (query) => bodyOf<{ ctename?: string }>(query, 'CommonTableExpr')?.ctename ?? '',
  )
  return names.length === 0 ? outer : new Set([...outer, ...names])
}
