import type { A_Expr, DeleteStmt, InsertStmt, Node, RangeVar, SelectStmt, UpdateStmt } from '@pgsql/types'
import { bodyOf, columnNamesOf } from '../../plan/syntax.ts'
import { quoted, type Rule, type Sight, tableOf } from '../rule.ts'

export const changeRows: Rule = {
  name: 'change-rows',
  number: 78,
  severity: 'note',
  title: 'Rows of a table that is in use are changed.',
  why: 'One statement over many rows locks each of them until the end, bloats the table, and makes replicas lag; in a transaction with changes of the schema it holds their locks as long.',
  remedy:
    'Freehold runs it in batches by key, each row exactly once, and keeps the old rows for undo; what cannot be divided with the same result stays one statement, and plan says so.',
  checks: {
    UpdateStmt(body, sight) {
      report('updates', body, sight)
    },
    DeleteStmt(body, sight) {
      report('deletes', body, sight)
    },
    MergeStmt({ relation }, sight) {
      if (sight.inUse(relation)) {
        sight.report(`merges rows into ${quoted(relation?.relname)}`)
      }
    },
    InsertStmt(body, sight) {
      if (sight.inUse(body.relation) && readsTable(body, sight)) {
        sight.report(`inserts into ${quoted(body.relation?.relname)} what a query over tables returns`)
      }
    },
  },
}

function report(verb: string, { relation, whereClause }: UpdateStmt | DeleteStmt, sight: Sight): void {
  if (sight.inUse(relation) && !isOneRow(relation, whereClause, sight)) {
    const which = whereClause === undefined ? 'all rows' : 'rows'
    sight.report(`${verb} ${which} of ${quoted(relation?.relname)}`)
  }
}

/** Tells whether the condition names the row by its key. */
function isOneRow(relation: RangeVar | undefined, condition: Node | undefined, sight: Sight): boolean {
  const equals = bodyOf<A_Expr>(condition, 'A_Expr')
  const isConstant = equals?.rexpr !== undefined && bodyOf<object>(equals.rexpr, 'A_Const') !== undefined
  const isEqual = equals?.kind === 'AEXPR_OP' && bodyOf<{ sval?: string }>(equals.name?.[0], 'String')?.sval === '='
  const constraints = [...(tableOf(sight, relation)?.constraints.values() ?? [])]
  const keys = constraints
    .filter(({ kind }) => kind === 'primary' || kind === 'unique')
    .map(({ columns }) => columns.join())
  const [named = ''] = columnNamesOf(equals?.lexpr)
  return isConstant && isEqual && (keys.includes(named) || (keys.length === 0 && named === 'id'))
}

function readsTable({ selectStmt }: InsertStmt, sight: Sight): boolean {
  const from = bodyOf<SelectStmt>(selectStmt, 'SelectStmt')?.fromClause ?? []
  // What is joined or computed may come from a table too.
  return from.some(
    (node) => bodyOf<RangeVar>(node, 'RangeVar') === undefined || sight.inUse(bodyOf<RangeVar>(node, 'RangeVar')),
  )
}
