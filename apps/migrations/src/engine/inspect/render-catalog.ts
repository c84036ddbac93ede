import type { Catalog, OtherObject, Relation, Sequence } from './catalog.ts'
import { otherKey } from './object-keys.ts'
import { createRenderContext, type RenderContext, type RenderNode, ranks, sortNodes } from './render/node.ts'
import { rolesOfRights } from './render/rights.ts'
import { extensionNode, publicationNode, routineNode, schemaNode, sequenceNode, typeNodes } from './render/simple.ts'
import { tableNodes } from './render/table.ts'
import { policyNode, ruleNode, statisticsNode, triggerNodes } from './render/table-parts.ts'
import { viewNodes } from './render/view.ts'

// What the catalog's expressions are printed under (read-catalog.ts) they have to be read under as well. Bodies of
// functions may name what is made after them.
const settings: Readonly<Record<string, string>> = {
  search_path: `''`,
  check_function_bodies: 'off',
  DateStyle: `'ISO, MDY'`,
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  xmloption: 'content',
  default_tablespace: `''`,
  default_table_access_method: 'heap',
  default_transaction_read_only: 'off',
  client_min_messages: 'warning',
  row_security: 'off',
}

/**
 * Returns statements that, run by a superuser on a new database made from template0 on a server that has the roles of
 * `rolesOf`, give a database whose catalog reads back equal. Tablespaces are not rendered.
 * What no statement can make (an index left invalid, a column inherited and not declared) is marked by updating the
 * system's tables, as pg_upgrade does.
 */
export function renderCatalog(catalog: Catalog): string[] {
  return [
    ...renderOpening(catalog),
    ...sortNodes(catalogNodes(catalog)).flatMap((node) => node.sql),
    ...Object.keys(settings).map((name) => `RESET ${name}`),
  ]
}

/** Returns what a session runs before the statements of the catalog's nodes. */
export function renderOpening(catalog: Catalog): string[] {
  const hasPublic = catalog.schemas.some((schema) => schema.name === 'public')
  return [
    ...Object.entries(settings).map(([name, value]) => `SET ${name} = ${value}`),
    ...(hasPublic ? [] : ['DROP SCHEMA public']),
  ]
}

/** Returns the nodes of everything in the catalog. */
export function catalogNodes(catalog: Catalog, context: RenderContext = createRenderContext(catalog)): RenderNode[] {
  const sequencesByTable = groupOwned(catalog.sequences)
  return [
    ...catalog.schemas.map((schema) => schemaNode(schema, context)),
    ...catalog.extensions.map(extensionNode),
    ...catalog.types.flatMap((type) => typeNodes(type, context)),
    ...catalog.sequences.map((sequence) => sequenceNode(sequence, context)),
    ...catalog.functions.map((routine) => routineNode(routine, context)),
    ...catalog.relations.flatMap((relation) => relationNodes(relation, sequencesByTable, context)),
    ...catalog.publications.map((publication) => publicationNode(publication, context)),
    ...catalog.others.map((other) => otherNode(other, context)),
  ]
}

function relationNodes(relation: Relation, sequences: Map<string, Sequence[]>, context: RenderContext): RenderNode[] {
  const isView = relation.kind === 'view' || relation.kind === 'materializedView'
  const owned = sequences.get(JSON.stringify([relation.schema, relation.name])) ?? []
  return [
    ...(isView ? viewNodes(relation, context) : tableNodes(relation, owned, context)),
    ...relation.statistics.map((statistics) => statisticsNode(relation, statistics, context)),
    ...relation.rules.map((rule) => ruleNode(relation, rule, context)),
    ...relation.triggers.flatMap((trigger) => triggerNodes(relation, trigger, context)),
    ...relation.policies.map((policy) => policyNode(relation, policy, context)),
  ]
}

/** Returns the sequences that belong to a column, by their table. */
function groupOwned(sequences: Sequence[]): Map<string, Sequence[]> {
  const groups = new Map<string, Sequence[]>()
  for (const sequence of sequences) {
    if (sequence.ownedBy !== null) {
      const table = JSON.stringify([sequence.ownedBy.schema, sequence.ownedBy.table])
      groups.set(table, [...(groups.get(table) ?? []), sequence])
    }
  }
  return groups
}

function otherNode(other: OtherObject, context: RenderContext): RenderNode {
  const key = otherKey(other)
  return {
    key,
    provides: [],
    needs: context.needsOf(key),
    rank: ranks[other.when],
    sql: [...other.ddl, ...other.owner, ...other.acl],
  }
}

/** Returns every role that the statements of `renderCatalog` name, but for the server's own (`pg_…`). */
export function rolesOf(catalog: Catalog): string[] {
  const owned = [...catalog.schemas, ...catalog.types, ...catalog.sequences, ...catalog.relations, ...catalog.functions]
  const roles = new Set([
    ...owned.flatMap((object) => [object.owner, ...rolesOfRights(object.acl)]),
    ...catalog.publications.map((publication) => publication.owner),
    ...catalog.others.flatMap((other) => other.roles),
  ])
  for (const relation of catalog.relations) {
    for (const column of relation.columns) for (const role of rolesOfRights(column.acl)) roles.add(role)
    for (const policy of relation.policies) for (const role of policy.roles) roles.add(role)
    for (const statistics of relation.statistics) roles.add(statistics.owner)
  }
  roles.delete('public')
  return [...roles].filter((role) => !role.startsWith('pg_')).sort()
}
