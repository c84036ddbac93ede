import { commentOn } from './scope.ts'

/** The query for a family, run only where the catalog that it reads holds something. */
export interface OtherQuery {
  catalog: string
  sql: string
}

/** SQL expressions for the columns of a row of `others`. */
export interface OtherExpressions {
  class: string
  oid: string
  family: string
  key: string
  /** Of type text[]. */
  ddl: string
  drop: string
  word: string
  target: string
  /** The oid of the owner. */
  owner?: string
  acl?: { kind: string; expression: string }
  roles?: string
  when: 'early' | 'late' | 'last'
}

/** Returns the select list for a family of `others`. */
export function selectOther(columns: OtherExpressions): string {
  const { acl } = columns
  return `select '${columns.class}' as class, ${columns.oid} as oid, '${columns.family}' as family, ${columns.key} as key,
    ${columns.ddl} as ddl, ${columns.drop} as drop, '${columns.word}' as word, ${columns.target} as target,
    ${columns.owner === undefined ? 'null::text' : `pg_get_userbyid(${columns.owner})::text`} as owner,
    ${acl === undefined ? 'null::text[]' : `${acl.expression}::text[]`} as acl,
    ${acl === undefined ? 'null' : `'${acl.kind}'`} as "aclKind",
    ${commentOn(columns.class, columns.oid)} as comment, ${columns.roles ?? `'{}'::text[]`} as roles, '${columns.when}' as when`
}
