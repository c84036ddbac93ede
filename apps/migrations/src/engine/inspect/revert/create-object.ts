import type { RenderContext, RenderNode } from '../render/node.ts'
import { domainConstraintNode, publicationNode, routineNode, typeNodes } from '../render/simple.ts'
import { defaultNode } from '../render/table.ts'
import { constraintNode, indexNode, policyNode, ruleNode, statisticsNode, triggerNodes } from '../render/table-parts.ts'
import { viewNodes } from '../render/view.ts'
import { catalogNodes } from '../render-catalog.ts'
import type { Entry } from './entries.ts'

/** Returns the statements that make the object again, or undefined for what holds rows or values of its own. */
export function renderCreate(entry: Entry, context: RenderContext): string[] | undefined {
  const nodes = nodesOf(entry, context)
  const sql = nodes
    ?.filter((node) => node.key === entry.key || node.key === `state of ${entry.key}`)
    .flatMap((node) => node.sql)
  return sql?.some((statement) => statement.startsWith('UPDATE pg_catalog.')) ? undefined : sql
}

function nodesOf(entry: Entry, context: RenderContext): RenderNode[] | undefined {
  switch (entry.family) {
    case 'schema':
    case 'extension':
    case 'other':
      return catalogNodes(context.catalog, context).filter((node) => node.key === entry.key)
    case 'type':
      return typeNodes(entry.object, context)
    case 'domainConstraint':
      return [domainConstraintNode(entry.type, entry.object, context)]
    case 'sequence':
      // Where it stood is lost with it.
      return undefined
    case 'routine':
      return [routineNode(entry.object, context)]
    case 'publication':
      return [publicationNode(entry.object, context)]
    case 'relation':
      return entry.object.definition === null ? undefined : viewNodes(entry.object, context)
    case 'column':
      return undefined
    case 'default':
      return [defaultNode(entry.relation, entry.object, context)]
    case 'constraint':
      return [constraintNode(entry.relation, entry.object, context)]
    case 'index':
      return entry.object.constraint === null && entry.object.attachedTo === null
        ? [indexNode(entry.relation, entry.object, context)]
        : undefined
    case 'trigger':
      return triggerNodes(entry.relation, entry.object, context)
    case 'policy':
      return [policyNode(entry.relation, entry.object, context)]
    case 'rule':
      return [ruleNode(entry.relation, entry.object, context)]
    case 'statistics':
      return [statisticsNode(entry.relation, entry.object, context)]
  }
}
