import type { InsertStmt, Node, ResTarget, SelectStmt, SortBy } from '@pgsql/types'
import { bodyOf, eachNode, nameParts } from '../../plan/syntax.ts'
import { quoted, type Rule } from '../rule.ts'

export const fragileRowsStatement: Rule = {
  name: 'fragile-rows-statement',
  number: 80,
  severity: 'warning',
  title: 'A statement on rows hangs on the order of columns or of chance, or sets a column twice.',
  why: 'An INSERT without a list of columns, or of what SELECT * returns, fails or mixes columns up when one is added; ORDER BY random() gives another result on each database; a column that is set twice is refused (42601).',
  remedy: 'Name the columns; choose rows by what is in them.',
  checks: {
    UpdateStmt({ targetList }, sight) {
      const names = (targetList ?? []).map((target) => bodyOf<ResTarget>(target, 'ResTarget')?.name ?? '')
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      if (twice !== undefined && !hasSubscripts(targetList)) {
        sight.report(`sets ${quoted(twice)} twice`)
      }
    },
    InsertStmt(body, sight) {
      const table = quoted(body.relation?.relname)
      if (body.cols === undefined && body.selectStmt !== undefined && sight.inUse(body.relation)) {
        sight.report(`inserts into ${table} without a list of columns`)
      } else if (sight.inUse(body.relation) && selectsStar(body)) {
        sight.report(`inserts into ${table} what SELECT * returns`)
      }
      let isRandom = false
      eachNode(body.selectStmt, 'SortBy', ({ node }: SortBy) => {
        isRandom ||= nameParts(bodyOf<{ funcname?: Node[] }>(node, 'FuncCall')?.funcname).at(-1) === 'random'
      })
      if (isRandom) {
        sight.report(`inserts into ${table} in the order of chance`)
      }
    },
  },
}

/** `SET a[1] = …, a[2] = …` sets one column twice, and is allowed. */
function hasSubscripts(targets: Node[] | undefined): boolean {
  return (targets ?? []).some((target) => bodyOf<ResTarget>(target, 'ResTarget')?.indirection !== undefined)
}

function selectsStar({ selectStmt }: InsertStmt): boolean {
  return (bodyOf<SelectStmt>(selectStmt, 'SelectStmt')?.targetList ?? []).some((target) => {
    const fields = bodyOf<{ fields?: Node[] }>(bodyOf<ResTarget>(target, 'ResTarget')?.val, 'ColumnRef')?.fields
    const last = fields?.at(-1)
    return last !== undefined && 'A_Star' in last
  })
}
