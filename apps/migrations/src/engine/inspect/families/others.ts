import { quoteIdentifier } from '@freehold/postgres'
import type { OtherObject } from '../catalog.ts'
import { renderComment } from '../render/common.ts'
import { type RightsKind, renderRights, rolesOfRights } from '../render/rights.ts'
import { accessQueries } from './others-access.ts'
import { operatorQueries } from './others-operators.ts'
import { textQueries } from './others-text.ts'
import type { Scope } from './scope.ts'

/** One object as the queries give it; owner, rights and comment are rendered alike for all families. */
export interface OtherRow {
  class: string
  oid: number
  family: string
  key: string
  ddl: string[]
  drop: string
  /** The keywords that ALTER … OWNER TO and COMMENT ON take. */
  word: string
  target: string
  owner: string | null
  acl: string[] | null
  aclKind: RightsKind | null
  comment: string | null
  roles: string[]
  when: OtherObject['when']
}

/** Reads what only pg_dump and a complete clone need to know of, in one statement. */
export function othersQuery(scope: Scope): string {
  const queries = [...operatorQueries(scope), ...textQueries(scope), ...accessQueries(scope)]
  const all = queries.filter(({ catalog }) => scope.used.includes(catalog)).map(({ sql }) => `(${sql})`)
  // Without any there is still an answer, with no rows.
  return all.length === 0
    ? 'select where false'
    : `select * from (${all.join(' union all ')}) as other order by family collate "C", key collate "C"`
}

// GRANT has words of its own for some.
const rightsWords: Readonly<Record<string, string>> = { SERVER: 'FOREIGN SERVER' }

/** Returns the object as the catalog holds it. */
export function toOther(row: OtherRow, version: number): OtherObject {
  const { word, target, owner, acl, aclKind } = row
  return {
    family: row.family,
    key: row.key,
    ddl: [...row.ddl, ...renderComment(`${word} ${target}`, row.comment)],
    drop: row.drop,
    owner: owner === null ? [] : [`ALTER ${word} ${target} OWNER TO ${quoteIdentifier(owner)}`],
    acl:
      acl === null || aclKind === null || owner === null
        ? []
        : renderRights({
            kind: aclKind,
            target: `${rightsWords[word] ?? word} ${target}`,
            owner,
            acl: [...acl].sort(),
            version,
          }),
    roles: [...new Set([...(owner === null ? [] : [owner]), ...rolesOfRights(acl ?? []), ...row.roles])].sort(),
    when: row.when,
  }
}
