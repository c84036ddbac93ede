/**
 * The updatable view that stands in for a table in the window. Its rights are exactly those of the table: with
 * security_invoker the table's own rights and row security still decide, and the view must neither add nor take any.
 */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Relation } from '../../inspect/catalog.ts'
import { parseRight, type Right } from '../../inspect/render/parse-names.ts'
import { renderRights } from '../../inspect/render/rights.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, sqlName } from '../actions.ts'
import type { PlanContext } from '../draft.ts'
import { columnInContract, nameInContract } from './renames.ts'
import { isSameName } from './trace-names.ts'

/** One column of the view: the column it reads, and the name under which it shows it. */
export interface ViewColumn {
  column: string
  name: string
}

/** Returns the statements that make the view over the base with the owner and the rights of the table. */
export function createViewSql(
  view: RelationName,
  base: RelationName,
  table: Relation,
  columns: ViewColumn[],
  context: PlanContext,
): string[] {
  const list = columns.map(({ column, name }) =>
    column === name ? quoteIdentifier(column) : `${quoteIdentifier(column)} AS ${quoteIdentifier(name)}`,
  )
  const invoker = context.serverMajor >= 15 ? ' WITH (security_invoker = true)' : ''
  const { serverVersionNum: version, currentUser } = context.catalog
  const target = `TABLE ${sqlName(view)}`
  const rights = { target, owner: table.owner, version }
  return [
    `CREATE VIEW ${sqlName(view)}${invoker} AS SELECT ${list.join(', ')} FROM ${sqlName(base)}`,
    ...defaultsSql(view, table, columns, context),
    ...(table.owner === currentUser ? [] : [`ALTER VIEW ${sqlName(view)} OWNER TO ${quoteIdentifier(table.owner)}`]),
    ...(hasDefaultRights(context) ? [revokeAllSql(view)] : []),
    ...renderRights({ ...rights, kind: 'relation', acl: byOwner(table.acl, table.owner) }),
    ...columns.flatMap(({ column, name }) => {
      const acl = table.columns.find((candidate) => candidate.name === column)?.acl ?? []
      return renderRights({ ...rights, kind: 'column', column: name, acl: byOwner(acl, table.owner) })
    }),
  ]
}

/**
 * `SET x = DEFAULT` takes the view's own default and NULL where it has none. A column that is there twice can have none:
 * it would be assigned beside the other name. Nor can one whose default the plan changes.
 */
function defaultsSql(view: RelationName, table: Relation, columns: ViewColumn[], context: PlanContext): string[] {
  const after = context.after.relations.find((relation) =>
    isSameName(relation, nameInContract(table, Infinity, context)),
  )
  const commands = columns.flatMap(({ column, name }) => {
    const found = table.columns.find((candidate) => candidate.name === column)
    const later = after?.columns.find(
      (candidate) => candidate.name === columnInContract(table, column, Infinity, context),
    )
    const isOnce = columns.filter((other) => other.column === column).length === 1
    return isOnce && found?.generated === null && found.default !== null && later?.default === found.default
      ? [`ALTER COLUMN ${quoteIdentifier(name)} SET DEFAULT ${found.default}`]
      : []
  })
  return commands.length === 0 ? [] : [alterTable(view, commands.join(', '))]
}

/** Rights that another role has passed on are given by the owner, for only that role itself could pass them on again. */
function byOwner(acl: string[], owner: string): string[] {
  const letters = ({ privileges }: Right): string =>
    privileges.map(({ letter, grantable }) => letter + (grantable ? '*' : '')).join('')
  return acl.map(parseRight).map((right) => {
    const grantee = right.grantee === '' ? '' : quoteIdentifier(right.grantee)
    return `${grantee}=${letters(right)}/${quoteIdentifier(owner)}`
  })
}

/** Tells whether ALTER DEFAULT PRIVILEGES may give rights on a new view that nobody asked for. */
function hasDefaultRights({ catalog }: PlanContext): boolean {
  return catalog.others.some(({ family }) => family.startsWith('default'))
}

/** Which roles have got rights by default depends on who makes the view, so the database is asked. */
function revokeAllSql(view: RelationName): string {
  const name = quoteLiteral(sqlName(view))
  return `DO $$ DECLARE grantee oid; BEGIN
  FOR grantee IN SELECT DISTINCT r.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) r
    WHERE c.oid = ${name}::pg_catalog.regclass AND r.grantee <> c.relowner
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON TABLE %s FROM %s', ${name},
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END);
  END LOOP;
END $$`
}
