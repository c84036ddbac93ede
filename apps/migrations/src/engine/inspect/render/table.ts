import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Column, Constraint, Relation, Sequence } from '../catalog.ts'
import {
  indexKey,
  type ObjectKey,
  otherKey,
  partKey,
  relationKey,
  relationWord,
  schemaKey,
  sequenceKey,
} from '../object-keys.ts'
import { renderColumn, renderColumnSettings } from './columns.ts'
import { nameOf, renderComment, renderForeignOptions, renderOptions, renderOwned } from './common.ts'
import { type RenderContext, type RenderNode, ranks } from './node.ts'
import { parseQualified } from './parse-names.ts'
import { renderRights } from './rights.ts'
import { renderOwnedSequence } from './simple.ts'
import { constraintNode, indexNode, renderConstraintComment, renderIndexSettings } from './table-parts.ts'

/** Returns the nodes of a table, partitioned table or foreign table: itself, and what cannot be made with it. */
export function tableNodes(relation: Relation, sequences: Sequence[], context: RenderContext): RenderNode[] {
  const key = relationKey(relation)
  const constraints = relation.constraints.filter((constraint) => isInline(relation, constraint, context))
  const notNulls = new Map(
    constraints.flatMap((constraint) => (constraint.kind === 'notNull' ? [[constraint.columns[0], constraint]] : [])),
  )
  const lateDefaults = relation.columns.filter((column) => isLateDefault(relation, column, context))
  const columns = relation.columns.map((column) =>
    renderColumn(column, {
      identitySequence: sequences.find(({ ownedBy }) => ownedBy?.by === 'internal' && ownedBy.column === column.name),
      notNullConstraint: notNulls.get(column.name),
      notNullIsConstraint: context.version >= 180000,
      withDefault: !lateDefaults.includes(column),
    }),
  )
  const inline = constraints.filter((constraint) => constraint.kind !== 'notNull')
  const body = [
    ...columns,
    ...inline.map(({ name, definition }) => `CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
  ]
  const indexes = relation.indexes.filter((index) => constraints.some(({ name }) => name === index.constraint))
  const defaults = relation.columns.filter((column) => column.default !== null && !lateDefaults.includes(column))
  const parts = [
    ...relation.columns.map((column) => partKey('column', relation, column.name)),
    ...defaults.map((column) => partKey('default', relation, column.name)),
    ...constraints.map((constraint) => partKey('constraint', relation, constraint.name)),
    ...indexes.map((index) => indexKey(relation.schema, index.name)),
  ]
  const node: RenderNode = {
    key,
    provides: parts,
    needs: [
      schemaKey(relation.schema),
      ...sequences.map(sequenceKey),
      ...(relation.foreign === null ? [] : [otherKey({ family: 'server', key: relation.foreign.server })]),
      ...(relation.ofType === null ? context.needsOf(key) : []),
      ...parts.flatMap((part) => context.needsOf(part)),
    ],
    rank: ranks.table,
    sql: [
      renderCreate(relation, body),
      ...sequences.flatMap((sequence) => renderOwnedBy(sequence)),
      ...renderTableSettings(relation, context),
      ...sequences.flatMap((sequence) => renderOwnedSequence(sequence, context)),
      ...inline.flatMap((constraint) => renderConstraintComment(relation, constraint)),
      ...[...notNulls.values()].flatMap((constraint) => renderConstraintComment(relation, constraint)),
      ...indexes.flatMap((index) => renderIndexSettings(relation, index)),
    ],
  }
  return [
    node,
    ...attachmentNodes(relation, context),
    ...lateDefaults.map((column) => defaultNode(relation, column, context)),
    ...relation.constraints
      .filter((constraint) => !constraints.includes(constraint))
      .map((constraint) => constraintNode(relation, constraint, context)),
    ...relation.indexes
      .filter((index) => index.constraint === null)
      .map((index) => indexNode(relation, index, context)),
    ...relation.indexes.flatMap((index) => indexAttachmentNode(relation, index)),
    ...replicaIdentityNode(relation),
  ]
}

/**
 * Checks, not-null constraints and keys stand in CREATE TABLE where they can. A key of a partitioned table or of a
 * partition comes later, so that indexes are attached to each other as they were.
 */
function isInline(relation: Relation, constraint: Constraint, context: RenderContext): boolean {
  const needs = context.needsOf(partKey('constraint', relation, constraint.name))
  if (!constraint.validated || !constraint.enforced || needs.some(isCode)) {
    return false
  }
  if (constraint.kind === 'check' || constraint.kind === 'notNull') {
    return true
  }
  const alone = relation.kind === 'table' && relation.partition === null
  const index = relation.indexes.find(({ name }) => name === constraint.index)
  return constraint.kind !== 'foreignKey' && alone && index?.valid === true
}

/** Code may need the very table that it is needed for, by its row type. */
function isCode(key: ObjectKey): boolean {
  return /^(function|aggregate|procedure|operator|cast)/.test(key)
}

function isLateDefault(relation: Relation, column: Column, context: RenderContext): boolean {
  return (
    column.default !== null &&
    column.generated === null &&
    context.needsOf(partKey('default', relation, column.name)).some(isCode)
  )
}

function renderCreate(relation: Relation, body: string[]): string {
  const kind = relation.kind === 'foreignTable' ? 'FOREIGN TABLE' : 'TABLE'
  const unlogged = relation.persistence === 'unlogged' ? 'UNLOGGED ' : ''
  const options = [renderOptions(relation.options), renderOptions(relation.toastOptions, 'toast.')].filter(Boolean)
  const method = relation.kind === 'partitionedTable' || relation.accessMethod !== 'heap' ? relation.accessMethod : null
  return [
    `CREATE ${unlogged}${kind} ${nameOf(relation)} (${body.join(', ')})`,
    relation.partitionKey === null ? '' : ` PARTITION BY ${relation.partitionKey}`,
    relation.foreign === null ? '' : ` SERVER ${quoteIdentifier(relation.foreign.server)}`,
    relation.foreign && relation.foreign.options.length > 0
      ? ` OPTIONS (${renderForeignOptions(relation.foreign.options)})`
      : '',
    method === null ? '' : ` USING ${quoteIdentifier(method)}`,
    options.length === 0 ? '' : ` WITH (${options.join(', ')})`,
  ].join('')
}

function renderOwnedBy(sequence: Sequence): string[] {
  const { ownedBy } = sequence
  if (ownedBy?.by !== 'auto') {
    return []
  }
  return [
    `ALTER SEQUENCE ${nameOf(sequence)} OWNED BY ${nameOf({ schema: ownedBy.schema, name: ownedBy.table })}.${quoteIdentifier(ownedBy.column)}`,
  ]
}

/** Returns owner, rights, comments, and what CREATE TABLE cannot say. */
function renderTableSettings(relation: Relation, context: RenderContext): string[] {
  const name = nameOf(relation)
  const word = relationWord(relation.kind).toUpperCase()
  return [
    ...renderTableAlterations(relation),
    ...renderOwned(word, name, relation, { kind: 'relation', version: context.version, on: 'TABLE' }),
    ...renderColumnRights(relation, context),
    ...renderColumnComments(relation),
  ]
}

/** Returns the statement that enables row security as it is; none where it is off. */
export function renderRowSecurity(relation: Relation): string[] {
  const alterations = [
    ...(relation.rowSecurity ? ['ENABLE ROW LEVEL SECURITY'] : []),
    ...(relation.forceRowSecurity ? ['FORCE ROW LEVEL SECURITY'] : []),
  ]
  return alterations.length === 0 ? [] : [`ALTER TABLE ONLY ${nameOf(relation)} ${alterations.join(', ')}`]
}

/** Returns the statement for what CREATE TABLE cannot say of the table itself; none where there is nothing. */
function renderTableAlterations(relation: Relation): string[] {
  const word = relationWord(relation.kind).toUpperCase()
  const alterations = [
    ...relation.columns.flatMap(renderColumnSettings),
    ...(relation.rowSecurity ? ['ENABLE ROW LEVEL SECURITY'] : []),
    ...(relation.forceRowSecurity ? ['FORCE ROW LEVEL SECURITY'] : []),
    ...(relation.kind !== 'foreignTable' && ['full', 'nothing'].includes(relation.replicaIdentity.kind)
      ? [`REPLICA IDENTITY ${relation.replicaIdentity.kind.toUpperCase()}`]
      : []),
    ...(relation.ofType === null ? [] : [`OF ${relation.ofType}`]),
  ]
  return alterations.length === 0 ? [] : [`ALTER ${word} ONLY ${nameOf(relation)} ${alterations.join(', ')}`]
}

/**
 * Returns the statements that make the table alone, without keys, indexes, owner and rights: its columns with their
 * settings, the constraints that it has beside keys, and comments.
 */
export function renderBareTable(relation: Relation, sequences: Sequence[], version: number): string[] {
  const notNulls = new Map(
    relation.constraints.flatMap((constraint) =>
      constraint.kind === 'notNull' ? [[constraint.columns[0], constraint]] : [],
    ),
  )
  const columns = relation.columns.map((column) =>
    renderColumn(column, {
      identitySequence: sequences.find(({ ownedBy }) => ownedBy?.by === 'internal' && ownedBy.column === column.name),
      notNullConstraint: notNulls.get(column.name),
      notNullIsConstraint: version >= 180000,
      withDefault: true,
    }),
  )
  const checks = relation.constraints.filter(({ kind }) => kind === 'check')
  const body = [
    ...columns,
    ...checks.map(({ name, definition }) => `CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
  ]
  return [
    renderCreate(relation, body),
    ...renderTableAlterations(relation),
    ...renderComment(`TABLE ${nameOf(relation)}`, relation.comment),
    ...renderColumnComments(relation),
    ...relation.constraints.flatMap((constraint) => renderConstraintComment(relation, constraint)),
  ]
}

/** Returns the rights on single columns. */
export function renderColumnRights(relation: Relation, context: RenderContext): string[] {
  return relation.columns.flatMap((column) =>
    column.acl.length === 0
      ? []
      : renderRights({
          kind: 'column',
          target: `TABLE ${nameOf(relation)}`,
          owner: relation.owner,
          acl: column.acl,
          version: context.version,
          column: column.name,
        }),
  )
}

/** Returns the comments on columns. */
export function renderColumnComments(relation: Relation): string[] {
  return relation.columns.flatMap((column) =>
    renderComment(`COLUMN ${nameOf(relation)}.${quoteIdentifier(column.name)}`, column.comment),
  )
}

// A table is made with all its columns and constraints and takes its parents afterwards, as pg_upgrade does it: that
// keeps the order of columns and the names of constraints, whatever history led there. What is inherited and not
// declared again can only be said in the system's own tables; a partition's parts are marked by ATTACH itself.
function attachmentNodes(relation: Relation, context: RenderContext): RenderNode[] {
  const key = relationKey(relation)
  const name = nameOf(relation)
  const parents = relation.partition === null ? relation.inherits : [relation.partition.of]
  if (parents.length === 0) {
    return []
  }
  const word = relationWord(relation.kind).toUpperCase()
  const sql =
    relation.partition === null
      ? parents.map((parent) => `ALTER ${word} ${name} INHERIT ${parent}`)
      : [`ALTER TABLE ONLY ${relation.partition.of} ATTACH PARTITION ${name} ${relation.partition.bound}`]
  const parentKeys = parents.map((parent) => parentKey(parent, context))
  return [
    {
      key: `attachment of ${key}`,
      provides: [],
      // A parent is attached to its own parents first, so that what comes down to it is there to come down to this one.
      needs: [key, ...parentKeys, ...parentKeys.map((parent) => `attachment of ${parent}`)],
      rank: ranks.attachment,
      sql: [...sql, ...renderInheritanceMarks(relation)],
    },
  ]
}

/** Returns the statements that mark, in the system's own tables, what the table inherits and does not declare again. */
export function renderInheritanceMarks(relation: Relation): string[] {
  if (relation.partition !== null || relation.inherits.length === 0) {
    return []
  }
  const regclass = `${quoteLiteral(nameOf(relation))}::regclass`
  const columns = relation.columns.filter((column) => !column.isLocal).map((column) => quoteLiteral(column.name))
  const constraints = relation.constraints.filter(({ isLocal }) => !isLocal).map(({ name }) => quoteLiteral(name))
  return [
    ...(columns.length === 0
      ? []
      : [
          `UPDATE pg_catalog.pg_attribute SET attislocal = false WHERE attrelid = ${regclass} AND attname IN (${columns.join(', ')})`,
        ]),
    ...(constraints.length === 0
      ? []
      : [
          `UPDATE pg_catalog.pg_constraint SET conislocal = false WHERE conrelid = ${regclass} AND conname IN (${constraints.join(', ')})`,
        ]),
  ]
}

function parentKey(qualified: string, context: RenderContext): ObjectKey {
  const { schema, name } = parseQualified(qualified)
  const parent = context.catalog.relations.find((relation) => relation.schema === schema && relation.name === name)
  return parent === undefined ? `table ${qualified}` : relationKey(parent)
}

/** Returns the node that sets a column's default. */
export function defaultNode(
  relation: Relation,
  column: { name: string; default: string | null },
  context: RenderContext,
): RenderNode {
  const key = partKey('default', relation, column.name)
  const set = `ALTER COLUMN ${quoteIdentifier(column.name)} SET DEFAULT ${column.default}`
  return {
    key,
    provides: [],
    needs: [relationKey(relation), ...context.needsOf(key)],
    rank: ranks.default,
    sql: [`ALTER ${relationWord(relation.kind).toUpperCase()} ONLY ${nameOf(relation)} ${set}`],
  }
}

function indexAttachmentNode(relation: Relation, index: Relation['indexes'][number]): RenderNode[] {
  if (index.attachedTo === null) {
    return []
  }
  const parent = parseQualified(index.attachedTo)
  const key = indexKey(relation.schema, index.name)
  const name = nameOf({ schema: relation.schema, name: index.name })
  return [
    {
      key: `attachment of ${key}`,
      provides: [],
      needs: [key, indexKey(parent.schema, parent.name), `attachment of ${relationKey(relation)}`],
      rank: ranks.indexAttachment,
      sql: [`ALTER INDEX ${index.attachedTo} ATTACH PARTITION ${name}`],
    },
  ]
}

function replicaIdentityNode(relation: Relation): RenderNode[] {
  const { kind, index } = relation.replicaIdentity
  if (kind !== 'index' || index === null) {
    return []
  }
  return [
    {
      key: `replica identity of ${relationKey(relation)}`,
      provides: [],
      needs: [indexKey(relation.schema, index), relationKey(relation)],
      rank: ranks.late,
      sql: [`ALTER TABLE ONLY ${nameOf(relation)} REPLICA IDENTITY USING INDEX ${quoteIdentifier(index)}`],
    },
  ]
}
