/** Indexes built, dropped and rebuilt CONCURRENTLY, which blocks nobody, and materialized views refreshed so. */

import { quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Node, RangeVar } from '@pgsql/types'
import type { Index } from '../../inspect/catalog.ts'
import { deparse } from '../../parse/deparse.ts'
import { parseSql, scanSql, type Token } from '../../parse/parser.ts'
import type { CreatedIndex, RelationName } from '../../rehearse/observation.ts'
import { inTransaction, lockOn, nothing, sqlName } from '../actions.ts'
import type { Draft, DraftRefusal, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import type { ConcurrentAction, Phase } from '../step.ts'
import { alterCommand, bodyOf, kindOf, nameParts } from '../syntax.ts'
import { duplicatesCheck } from './checks.ts'

export const concurrent: Mechanism = {
  name: 'concurrent',
  applies: (unit, context) =>
    builds(unit, context) || drops(unit) || rebuilds(unit) || refreshes(unit) || detachedPartition(unit) !== undefined,
  steps(unit, context) {
    const partition = detachedPartition(unit)
    if (partition !== undefined) {
      return [detach(unit, partition, context)]
    }
    if (drops(unit)) {
      return dropIndexes(unit, context)
    }
    if (rebuilds(unit)) {
      return rebuild(unit)
    }
    return refreshes(unit) ? refresh(unit, context) : buildIndexes(unit, context)
  },
}

function builds(unit: PlanningUnit, context: PlanContext): boolean {
  const index = bodyOf<{ relation?: { schemaname?: string; relname?: string } }>(unit.unit.node, 'IndexStmt')
  return index?.relation !== undefined && !context.isNew(context.resolve(index.relation))
}

function drops(unit: PlanningUnit): boolean {
  return bodyOf<{ removeType?: string }>(unit.unit.node, 'DropStmt')?.removeType === 'OBJECT_INDEX'
}

function rebuilds(unit: PlanningUnit): boolean {
  return kindOf(unit.unit.node) === 'ReindexStmt'
}

function refreshes(unit: PlanningUnit): boolean {
  return kindOf(unit.unit.node) === 'RefreshMatViewStmt'
}

/** The partition of an ALTER TABLE … DETACH PARTITION … CONCURRENTLY. */
function detachedPartition(unit: PlanningUnit): RangeVar | undefined {
  const command = bodyOf<{ concurrent?: boolean; name?: RangeVar }>(
    alterCommand(unit.unit.node)?.command.def,
    'PartitionCmd',
  )
  return command?.concurrent === true ? command.name : undefined
}

function detach(unit: PlanningUnit, partition: RangeVar, context: PlanContext): Draft {
  const table = context.resolve(alterCommand(unit.unit.node)?.relation ?? {})
  const child = context.resolve(partition)
  const part = `SELECT FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${quoteLiteral(child.schema)} AND c.relname = ${quoteLiteral(child.name)}`
  const names = `ALTER TABLE ${sqlName(table)} DETACH PARTITION ${sqlName(child)}`
  return {
    phase: unit.phase,
    mechanism: 'concurrent',
    reason: 'DETACH CONCURRENTLY waits for the users of the partition instead of stopping them',
    do: {
      kind: 'concurrent',
      sql: `${names} CONCURRENTLY`,
      done: `SELECT NOT EXISTS (${part})`,
      // One that was cut off stays pending until it is finished.
      cleanup: [`DO $$ BEGIN IF EXISTS (${part} AND h.inhdetachpending) THEN ${names} FINALIZE; END IF; END $$`],
    },
    undo: { kind: 'none', reason: 'a partition that was detached is attached again by hand', stays: true },
    place: 'inOrder',
    table,
    cost: 'catalog',
  }
}

function buildIndexes(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal {
  const statement = bodyOf<{ unique?: boolean; idxname?: string }>(unit.unit.node, 'IndexStmt')
  const created = unit.observation.createdIndexes
  if (created.length === 0) {
    // IF NOT EXISTS on a name that is taken, or a build that was CONCURRENTLY already and so was not observed.
    const written = bodyOf<{ concurrent?: boolean; relation?: object }>(unit.unit.node, 'IndexStmt')
    return written?.concurrent === true ? asWrittenConcurrently(unit, context) : []
  }
  const parent = created.find((index) => isOnly(index))
  if (parent !== undefined) {
    return buildOnPartitions(unit, created, parent)
  }
  return created.flatMap((index) => [
    ...(statement?.unique === true ? duplicatesCheck(unit, index, context) : []),
    buildIndex(index, unit.phase),
  ])
}

/** A CREATE INDEX CONCURRENTLY of the user's own: found in the schema that the plain run ends in. */
function asWrittenConcurrently(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal {
  const written = bodyOf<{ idxname?: string; relation?: { schemaname?: string; relname?: string } }>(
    unit.unit.node,
    'IndexStmt',
  )
  const table = context.resolve(written?.relation ?? {})
  const before = new Set((context.findRelation(table)?.indexes ?? []).map((index) => index.name))
  const after = context.after.relations.find(
    (relation) => relation.schema === table.schema && relation.name === table.name,
  )
  const index = after?.indexes.find((one) =>
    written?.idxname === undefined ? !before.has(one.name) : one.name === written.idxname,
  )
  if (index === undefined) {
    return { why: 'rule', reason: 'the index that this statement builds is removed again by a later statement', table }
  }
  if (before.has(index.name)) {
    return []
  }
  return [buildIndex({ ...table, table: table.name, name: index.name, definition: index.definition }, unit.phase)]
}

/** Returns the draft that builds an index as its definition says, without blocking anybody. */
export function buildIndex(index: CreatedIndex, phase: Phase, reason?: string): Draft {
  return {
    phase,
    mechanism: 'concurrent',
    reason:
      reason ?? `CREATE INDEX would block every write to ${index.table} while it builds; CONCURRENTLY blocks nobody`,
    do: createConcurrently(index),
    undo: dropConcurrently(index),
    place: 'inOrder',
    table: { schema: index.schema, name: index.table },
    cost: 'index',
  }
}

function createConcurrently(index: CreatedIndex): ConcurrentAction {
  const { definition } = index
  // The deparser would lose the quotes that pg_get_indexdef puts around storage parameters.
  const word = scanSql(definition).find((token) => token.text.toUpperCase() === 'INDEX') as Token
  return {
    kind: 'concurrent',
    sql: `${definition.slice(0, word.end)} CONCURRENTLY${definition.slice(word.end)}`,
    done: isValidIndex(index),
    cleanup: [`DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(index.schema, index.name)}`],
  }
}

function dropConcurrently(index: { schema: string; name: string }): ConcurrentAction {
  return {
    kind: 'concurrent',
    sql: `DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(index.schema, index.name)}`,
    done: `SELECT NOT EXISTS (${indexRow(index)})`,
    cleanup: [],
  }
}

function isValidIndex(index: { schema: string; name: string }): string {
  return `SELECT EXISTS (${indexRow(index)} AND i.indisvalid AND i.indisready)`
}

function indexRow(index: { schema: string; name: string }): string {
  return `SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${quoteLiteral(index.schema)} AND c.relname = ${quoteLiteral(index.name)}`
}

function isOnly(index: CreatedIndex): boolean {
  const statement = bodyOf<{ relation?: { inh?: boolean } }>(parseSql(index.definition)[0]?.node, 'IndexStmt')
  return statement?.relation?.inh !== true
}

/** A partitioned table's index is made on the parent alone, then on each partition concurrently, then put together. */
function buildOnPartitions(unit: PlanningUnit, created: CreatedIndex[], parent: CreatedIndex): Draft[] {
  const reason = `CREATE INDEX on a partitioned table cannot run CONCURRENTLY: each partition's index is built so, then attached`
  const table = { schema: parent.schema, name: parent.table }
  const children = created.filter((index) => !isOnly(index))
  const drop = `DROP INDEX IF EXISTS ${quoteQualified(parent.schema, parent.name)}`
  return [
    {
      phase: unit.phase,
      mechanism: 'concurrent',
      reason,
      place: 'inOrder',
      cost: 'catalog',
      table,
      do: inTransaction([parent.definition], [lockOn(table, 'ShareLock')]),
      undo: inTransaction([drop], [lockOn(table)]),
    },
    ...children.flatMap((child): Draft[] => [
      buildIndex(child, unit.phase, reason),
      {
        phase: unit.phase,
        mechanism: 'concurrent',
        reason,
        place: 'inOrder',
        cost: 'catalog',
        table,
        do: inTransaction([
          `ALTER INDEX ${quoteQualified(parent.schema, parent.name)} ATTACH PARTITION ${quoteQualified(child.schema, child.name)}`,
        ]),
        // The parent's index takes its partitions along when it is dropped, so it goes before any of them.
        undo: inTransaction([drop], [lockOn(table)]),
      },
    ]),
  ]
}

function dropIndexes(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal {
  const drop = bodyOf<{ objects?: Node[]; behavior?: string }>(unit.unit.node, 'DropStmt')
  const drafts: Draft[] = []
  for (const object of drop?.objects ?? []) {
    const parts = nameParts(bodyOf<{ items?: Node[] }>(object, 'List')?.items)
    const found = findIndex(parts, context)
    if (found === undefined) {
      // Dropped with IF EXISTS, or made by the plan itself.
      drafts.push(dropAsWritten(parts, unit, context))
      continue
    }
    drafts.push(dropIndex(found.index, found.table, unit))
  }
  return drafts
}

function dropIndex(index: Index, table: RelationName, unit: PlanningUnit): Draft {
  const name = { schema: table.schema, name: index.name }
  const undo = createConcurrently({ ...name, table: table.name, definition: index.definition })
  return {
    phase: unit.phase,
    mechanism: 'concurrent',
    reason: `DROP INDEX takes ACCESS EXCLUSIVE on ${table.name}; CONCURRENTLY waits for its users instead of stopping them`,
    do: dropConcurrently(name),
    undo,
    // A foreign key that is made later would choose a unique index that is still there.
    place: index.unique ? 'inOrder' : 'remove',
    table,
    cost: 'catalog',
  }
}

function dropAsWritten(parts: string[], unit: PlanningUnit, context: PlanContext): Draft {
  const name =
    parts.length > 1
      ? { schema: parts.at(-2) as string, name: parts.at(-1) as string }
      : { schema: context.schema, name: parts[0] ?? '' }
  return {
    phase: unit.phase,
    mechanism: 'concurrent',
    reason: 'the index is gone already, or was made by this plan',
    do: dropConcurrently(name),
    undo: nothing,
    place: 'inOrder',
    cost: 'catalog',
  }
}

function findIndex(parts: string[], context: PlanContext): { index: Index; table: RelationName } | undefined {
  const name = parts.at(-1)
  const schema = parts.length > 1 ? parts.at(-2) : undefined
  for (const relation of context.catalog.relations) {
    if (schema !== undefined ? relation.schema !== schema : relation.schema !== context.schema) {
      continue
    }
    const index = relation.indexes.find((one) => one.name === name)
    if (index !== undefined) {
      return { index, table: { schema: relation.schema, name: relation.name } }
    }
  }
  return undefined
}

function rebuild(unit: PlanningUnit): Draft[] | DraftRefusal {
  const statement = bodyOf<Record<string, unknown>>(unit.unit.node, 'ReindexStmt') as { kind?: string; params?: Node[] }
  if (statement.kind === 'REINDEX_OBJECT_SYSTEM') {
    return {
      why: 'rule',
      reason: 'REINDEX SYSTEM locks the catalogs against everybody; run it in a maintenance window',
    }
  }
  const params = (statement.params ?? []).filter(
    (param) => bodyOf<{ defname?: string }>(param, 'DefElem')?.defname !== 'concurrently',
  )
  const node = {
    ReindexStmt: {
      ...statement,
      params: [...params, { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } }],
    },
  }
  return [
    {
      phase: unit.phase,
      mechanism: 'concurrent',
      reason: 'REINDEX blocks writes to the table and reads through the index; CONCURRENTLY blocks nobody',
      do: { kind: 'concurrent', sql: deparse(node as unknown as Node), done: '', cleanup: [] },
      undo: { kind: 'none', reason: 'a rebuilt index is the same index' },
      place: 'inOrder',
      cost: 'index',
    },
  ]
}

function refresh(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal {
  const statement = bodyOf<Record<string, unknown>>(unit.unit.node, 'RefreshMatViewStmt') as {
    relation?: { schemaname?: string; relname?: string }
    skipData?: boolean
  }
  const view = context.resolve(statement.relation ?? {})
  const relation = context.findRelation(view)
  const isReady = relation?.indexes.some(
    (index) => index.unique && index.valid && index.predicate === null && !index.columns.includes(null),
  )
  if (context.isNew(view) || relation?.populated === false) {
    return [
      {
        phase: unit.phase,
        mechanism: 'brief',
        reason: 'nobody reads the view yet',
        do: inTransaction([unit.unit.sql]),
        undo: nothing,
        place: 'inOrder',
        cost: 'catalog',
      },
    ]
  }
  if (isReady !== true || statement.skipData === true) {
    return {
      why: 'rule',
      table: view,
      reason: `REFRESH would lock every reader of ${sqlName(view)} out; give it a unique index on plain columns, then it is refreshed CONCURRENTLY`,
    }
  }
  return [
    {
      phase: unit.phase,
      mechanism: 'concurrent',
      reason: 'REFRESH MATERIALIZED VIEW takes ACCESS EXCLUSIVE; CONCURRENTLY lets readers go on',
      do: {
        kind: 'concurrent',
        sql: deparse({ RefreshMatViewStmt: { ...statement, concurrent: true } } as unknown as Node),
        done: '',
        cleanup: [],
      },
      undo: { kind: 'none', reason: 'the rows of a materialized view follow from its query' },
      place: 'inOrder',
      table: view,
      cost: 'scan',
    },
  ]
}
