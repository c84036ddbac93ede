import type { Node } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { quoted, type Rule } from '../rule.ts'

export const reindex: Rule = {
  name: 'reindex',
  number: 5,
  severity: 'note',
  title: 'Indexes in use are rebuilt.',
  why: 'REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on each index: writers wait, and readers that would use it.',
  remedy: 'Freehold rebuilds them CONCURRENTLY.',
  checks: {
    ReindexStmt(body, sight) {
      if (!isConcurrent(body.params) && sight.inUse(body.relation ?? { relname: body.name ?? '' })) {
        sight.report(`rebuilds the indexes of ${quoted(body.relation?.relname ?? body.name)}`)
      }
    },
  },
}

/** Tells whether CONCURRENTLY is among the options of a REINDEX. */
export function isConcurrent(params: Node[] | undefined): boolean {
  return (params ?? []).some((node) => bodyOf<{ defname?: string }>(node, 'DefElem')?.defname === 'concurrently')
}
