import type { DefElem, VacuumRelation } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { quoted, type Rule } from '../rule.ts'

export const vacuumFullOrCluster: Rule = {
  name: 'vacuum-full-or-cluster',
  number: 53,
  severity: 'error',
  title: 'A table is rewritten to make it smaller or to sort it.',
  why: 'VACUUM FULL and CLUSTER rewrite the table under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy: 'Use pg_repack outside the migrations, or plain VACUUM.',
  checks: {
    VacuumStmt({ options, rels }, sight) {
      const isFull = (options ?? []).some((option) => bodyOf<DefElem>(option, 'DefElem')?.defname === 'full')
      if (isFull) {
        const relation = bodyOf<VacuumRelation>(rels?.[0], 'VacuumRelation')?.relation
        sight.report(`rewrites ${relation === undefined ? 'all tables' : quoted(relation.relname)} by VACUUM FULL`)
      }
    },
    ClusterStmt({ relation }, sight) {
      sight.report(`rewrites ${relation === undefined ? 'all clustered tables' : quoted(relation.relname)} by CLUSTER`)
    },
  },
}
