import { quoteIdentifier } from '@freehold/postgres'
import type { Relation } from '../catalog.ts'
import { partKey, relationKey, schemaKey } from '../object-keys.ts'
import { renderColumnSettings } from './columns.ts'
import { nameOf, renderOptions, renderOwned } from './common.ts'
import { type RenderContext, type RenderNode, ranks } from './node.ts'
import { renderColumnComments, renderColumnRights } from './table.ts'
import { indexNode } from './table-parts.ts'

/** Returns CREATE VIEW or CREATE MATERIALIZED VIEW, without owner, rights and the like. */
export function renderCreateView(relation: Relation, options: { replace?: boolean } = {}): string {
  const name = nameOf(relation)
  const parameters = [renderOptions(relation.options), renderOptions(relation.toastOptions, 'toast.')].filter(Boolean)
  const settings = parameters.length === 0 ? '' : ` WITH (${parameters.join(', ')})`
  if (relation.kind === 'view') {
    return `CREATE ${options.replace ? 'OR REPLACE ' : ''}VIEW ${name}${settings} AS ${relation.definition}`
  }
  const method =
    relation.accessMethod === 'heap' || relation.accessMethod === null
      ? ''
      : ` USING ${quoteIdentifier(relation.accessMethod)}`
  const populated = relation.populated === false ? ' WITH NO DATA' : ''
  return `CREATE MATERIALIZED VIEW ${name}${method}${settings} AS ${relation.definition}${populated}`
}

/** Returns the nodes of a view or materialized view. */
export function viewNodes(relation: Relation, context: RenderContext): RenderNode[] {
  const key = relationKey(relation)
  const name = nameOf(relation)
  const word = relation.kind === 'view' ? 'VIEW' : 'MATERIALIZED VIEW'
  const defaults = relation.columns
    .filter((column) => column.default !== null)
    .map((column) => `ALTER VIEW ${name} ALTER COLUMN ${quoteIdentifier(column.name)} SET DEFAULT ${column.default}`)
  const settings = relation.kind === 'view' ? [] : relation.columns.flatMap(renderColumnSettings)
  const node: RenderNode = {
    key,
    provides: relation.columns.map((column) => partKey('column', relation, column.name)),
    needs: [
      schemaKey(relation.schema),
      ...context.needsOf(key),
      ...relation.columns.flatMap((column) => [
        ...context.needsOf(partKey('column', relation, column.name)),
        ...context.needsOf(partKey('default', relation, column.name)),
      ]),
    ],
    rank: ranks.view,
    sql: [
      renderCreateView(relation),
      ...defaults,
      ...(settings.length === 0 ? [] : [`ALTER MATERIALIZED VIEW ${name} ${settings.join(', ')}`]),
      ...renderOwned(word, name, relation, { kind: 'relation', version: context.version, on: 'TABLE' }),
      ...renderColumnRights(relation, context),
      ...renderColumnComments(relation),
    ],
  }
  return [node, ...relation.indexes.map((index) => indexNode(relation, index, context))]
}
