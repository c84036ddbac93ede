import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Constraint, ExtendedStatistics, Index, Policy, Relation, Rule, Trigger } from '../catalog.ts'
import { indexKey, type ObjectKey, partKey, relationKey, relationWord, statisticsKey } from '../object-keys.ts'
import { nameOf, renderComment, renderOptions } from './common.ts'
import { type RenderContext, type RenderNode, ranks } from './node.ts'
import { parseQualified } from './parse-names.ts'

/** Returns the node that adds a constraint to its table; a partitioned table's foreign key comes after its partitions'. */
export function constraintNode(relation: Relation, constraint: Constraint, context: RenderContext): RenderNode {
  const key = partKey('constraint', relation, constraint.name)
  const index = relation.indexes.find(({ name }) => name === constraint.index)
  const isForeignKey = constraint.kind === 'foreignKey'
  // A foreign key that is added to a partitioned table takes up the equal ones of its partitions.
  const children = isForeignKey ? childrenOf(relation, context) : []
  const only = isForeignKey && relation.kind === 'partitionedTable' ? '' : 'ONLY '
  const add = `ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`
  return {
    key,
    provides: index === undefined ? [] : [indexKey(relation.schema, index.name)],
    needs: [
      relationKey(relation),
      `attachment of ${relationKey(relation)}`,
      ...context.needsOf(key),
      ...(isForeignKey ? referencedKeys(constraint) : []),
      ...children.flatMap((child) => inheritedForeignKeys(child)),
    ],
    rank: isForeignKey ? ranks.foreignKey : index === undefined ? ranks.check : ranks.key,
    sql: [
      `ALTER ${relationWord(relation.kind).toUpperCase()} ${only}${nameOf(relation)} ${add}`,
      ...renderConstraintComment(relation, constraint),
      ...(index === undefined ? [] : renderIndexSettings(relation, index)),
    ],
  }
}

function referencedKeys(constraint: Constraint): ObjectKey[] {
  const { references } = constraint
  return references === null ? [] : [relationKey({ schema: references.schema, name: references.table, kind: 'table' })]
}

function childrenOf(relation: Relation, context: RenderContext): Relation[] {
  if (relation.kind !== 'partitionedTable') {
    return []
  }
  return context.catalog.relations.filter((child) => {
    const parent = child.partition === null ? undefined : parseQualified(child.partition.of)
    return parent?.schema === relation.schema && parent.name === relation.name
  })
}

function inheritedForeignKeys(child: Relation): ObjectKey[] {
  const inherited = child.constraints.filter(({ kind, inheritedCount }) => kind === 'foreignKey' && inheritedCount > 0)
  return [`attachment of ${relationKey(child)}`, ...inherited.map(({ name }) => partKey('constraint', child, name))]
}

/** Returns the comment on a constraint. */
export function renderConstraintComment(relation: Relation, constraint: Constraint): string[] {
  return renderComment(`CONSTRAINT ${quoteIdentifier(constraint.name)} ON ${nameOf(relation)}`, constraint.comment)
}

/** Returns the node of an index that no constraint made. */
export function indexNode(relation: Relation, index: Index, context: RenderContext): RenderNode {
  const key = indexKey(relation.schema, index.name)
  return {
    key,
    provides: [],
    needs: [relationKey(relation), `attachment of ${relationKey(relation)}`, ...context.needsOf(key)],
    rank: ranks.index,
    sql: [index.definition, ...renderIndexSettings(relation, { ...index, options: [] })],
  }
}

/** Returns what neither CREATE INDEX nor a constraint's definition says of an index. */
export function renderIndexSettings(relation: Relation, index: Index): string[] {
  const name = nameOf({ schema: relation.schema, name: index.name })
  const targets = index.statisticsTargets.flatMap((target, position) =>
    target === null ? [] : [`ALTER INDEX ${name} ALTER COLUMN ${position + 1} SET STATISTICS ${target}`],
  )
  return [
    ...(index.options.length === 0 ? [] : [`ALTER INDEX ${name} SET (${renderOptions(index.options)})`]),
    ...targets,
    ...(index.clustered ? [`ALTER TABLE ONLY ${nameOf(relation)} CLUSTER ON ${quoteIdentifier(index.name)}`] : []),
    ...renderComment(`INDEX ${name}`, index.comment),
    ...renderInvalidMark(relation, index),
  ]
}

/** Returns the statement that marks an index as invalid, in the system's own tables; none for a valid one. */
export function renderInvalidMark(relation: Relation, index: Index): string[] {
  // A failed CREATE INDEX CONCURRENTLY leaves an invalid index; no statement makes one on purpose. That of a
  // partitioned table is invalid until each partition has its own.
  if (index.valid || relation.kind === 'partitionedTable') {
    return []
  }
  const name = quoteLiteral(nameOf({ schema: relation.schema, name: index.name }))
  return [`UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = ${name}::regclass`]
}

/** Returns the node of extended statistics. */
export function statisticsNode(relation: Relation, statistics: ExtendedStatistics, context: RenderContext): RenderNode {
  const key = statisticsKey(statistics)
  const name = nameOf(statistics)
  return {
    key,
    provides: [],
    needs: [relationKey(relation), ...context.needsOf(key)],
    rank: ranks.statistics,
    sql: [
      statistics.definition,
      `ALTER STATISTICS ${name} OWNER TO ${quoteIdentifier(statistics.owner)}`,
      ...(statistics.target === null ? [] : [`ALTER STATISTICS ${name} SET STATISTICS ${statistics.target}`]),
      ...renderComment(`STATISTICS ${name}`, statistics.comment),
    ],
  }
}

const enabledWords: Readonly<Record<string, string>> = {
  O: 'ENABLE',
  D: 'DISABLE',
  R: 'ENABLE REPLICA',
  A: 'ENABLE ALWAYS',
}

/** Returns the statement that sets when a trigger or rule fires. */
export function renderEnabled(
  relation: Relation,
  word: 'TRIGGER' | 'RULE',
  part: { name: string; enabled: string },
): string {
  const kind = relationWord(relation.kind).toUpperCase()
  const only = kind === 'TABLE' ? 'ONLY ' : ''
  return `ALTER ${kind === 'VIEW' ? 'TABLE' : kind} ${only}${nameOf(relation)} ${enabledWords[part.enabled]} ${word} ${quoteIdentifier(part.name)}`
}

/** Returns the nodes of a trigger. A partition's copy of its parent's comes by itself, and may be switched apart from it. */
export function triggerNodes(relation: Relation, trigger: Trigger, context: RenderContext): RenderNode[] {
  const key = partKey('trigger', relation, trigger.name)
  const comment = renderComment(`TRIGGER ${quoteIdentifier(trigger.name)} ON ${nameOf(relation)}`, trigger.comment)
  const made: RenderNode = {
    key,
    provides: [],
    needs: [relationKey(relation), `attachment of ${relationKey(relation)}`, ...context.needsOf(key)],
    rank: ranks.trigger,
    sql: trigger.inherited ? [] : [trigger.definition, ...comment],
  }
  const isSwitched = trigger.enabled !== 'O' || trigger.inherited
  const state: RenderNode = {
    key: `state of ${key}`,
    provides: [],
    needs: [
      key,
      ...parentsOf(relation, context).map((parent) => `state of ${partKey('trigger', parent, trigger.name)}`),
    ],
    rank: ranks.triggerState,
    sql: [...(isSwitched ? [renderEnabled(relation, 'TRIGGER', trigger)] : []), ...(trigger.inherited ? comment : [])],
  }
  return state.sql.length === 0 ? [made] : [made, state]
}

function parentsOf(relation: Relation, context: RenderContext): Relation[] {
  const of = relation.partition === null ? undefined : parseQualified(relation.partition.of)
  return context.catalog.relations.filter((parent) => parent.schema === of?.schema && parent.name === of.name)
}

/** Returns the node of a rule other than a view's own query. */
export function ruleNode(relation: Relation, rule: Rule, context: RenderContext): RenderNode {
  const key = partKey('rule', relation, rule.name)
  return {
    key,
    provides: [],
    needs: [relationKey(relation), ...context.needsOf(key)],
    rank: ranks.rule,
    sql: [
      withoutSemicolon(rule.definition),
      ...(rule.enabled === 'O' ? [] : [renderEnabled(relation, 'RULE', rule)]),
      ...renderComment(`RULE ${quoteIdentifier(rule.name)} ON ${nameOf(relation)}`, rule.comment),
    ],
  }
}

function withoutSemicolon(definition: string): string {
  return definition.endsWith(';') ? definition.slice(0, -1) : definition
}

/** Returns the node of a row security policy. */
export function policyNode(relation: Relation, policy: Policy, context: RenderContext): RenderNode {
  const key = partKey('policy', relation, policy.name)
  const create = [
    `CREATE POLICY ${quoteIdentifier(policy.name)} ON ${nameOf(relation)}`,
    policy.permissive ? '' : ' AS RESTRICTIVE',
    ` FOR ${policy.command.toUpperCase()} TO ${renderPolicyRoles(policy)}`,
    policy.using === null ? '' : ` USING (${policy.using})`,
    policy.check === null ? '' : ` WITH CHECK (${policy.check})`,
  ].join('')
  return {
    key,
    provides: [],
    needs: [relationKey(relation), ...context.needsOf(key)],
    rank: ranks.policy,
    sql: [create, ...renderComment(`POLICY ${quoteIdentifier(policy.name)} ON ${nameOf(relation)}`, policy.comment)],
  }
}

/** Returns the roles of a policy as TO takes them. */
export function renderPolicyRoles(policy: Policy): string {
  return policy.roles.map((role) => (role === 'public' ? 'PUBLIC' : quoteIdentifier(role))).join(', ')
}
