/** The statements that make a twin and what belongs to it, under hidden names, before anybody knows of it. */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { CreateStatsStmt } from '@pgsql/types'
import type { Catalog, Column, Constraint, Index, Relation, Sequence } from '../../inspect/catalog.ts'
import { renderComment } from '../../inspect/render/common.ts'
import { parseQualified } from '../../inspect/render/parse-names.ts'
import { renderSequenceOptions } from '../../inspect/render/simple.ts'
import { renderBareTable } from '../../inspect/render/table.ts'
import { renderConstraintComment, renderIndexSettings } from '../../inspect/render/table-parts.ts'
import { deparse } from '../../parse/deparse.ts'
import { parseSql } from '../../parse/parser.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, sqlName } from '../actions.ts'
import { isSameName } from '../bridges/trace-names.ts'
import { keptSchema } from '../kept/kept-names.ts'
import { bodyOf } from '../syntax.ts'
import type { TwinNames } from './twin-names.ts'
import { TwinRefusal } from './twin-refusal.ts'

/** The sequences of the twin's columns. */
export interface TwinSequences {
  /** Of identities: the twin has its own, which goes on where the table's is, if it has one. */
  identities: { sequence: Sequence; before: Sequence | undefined }[]
  /** Of columns that are new, made with the twin. */
  made: Sequence[]
  /** Of columns that the table has as well: the very same sequence goes over. */
  handedOver: Sequence[]
  /** Of columns that the twin has no more. */
  left: Sequence[]
}

/** Returns the sequences that belong to the table before or after. */
export function sequencesOf(table: RelationName, before: Catalog, after: Catalog): TwinSequences {
  const owned = (catalog: Catalog): Sequence[] =>
    catalog.sequences.filter(({ ownedBy }) => ownedBy?.schema === table.schema && ownedBy.table === table.name)
  const old = owned(before)
  const there = (sequence: Sequence): Sequence | undefined => before.sequences.find((one) => isSameName(one, sequence))
  const isIdentity = ({ ownedBy }: Sequence): boolean => ownedBy?.by === 'internal'
  const now = owned(after)
  return {
    identities: now.filter(isIdentity).map((sequence) => ({ sequence, before: there(sequence) })),
    made: now.filter((sequence) => !isIdentity(sequence) && there(sequence) === undefined),
    handedOver: now.filter((sequence) => !isIdentity(sequence) && there(sequence) !== undefined),
    left: old.filter((sequence) => !now.some((one) => isSameName(one, sequence))),
  }
}

/** Returns the table as it is made: what needs the rows or the table's name comes later. */
function bareTable(after: Relation, sequences: TwinSequences, names: TwinNames): Relation {
  const { schema, name } = names.twin
  return {
    ...after,
    schema,
    name,
    columns: after.columns.map((column) => ({ ...column, default: defaultOf(column, sequences, names) })),
    constraints: after.constraints.filter(isMadeAtOnce),
    rowSecurity: false,
    forceRowSecurity: false,
    replicaIdentity: after.replicaIdentity.kind === 'index' ? { kind: 'default', index: null } : after.replicaIdentity,
  }
}

/** What is not valid may not be true of the rows that are copied. */
function isMadeAtOnce({ kind, validated, enforced }: Constraint): boolean {
  return (kind === 'check' || kind === 'notNull') && validated && enforced
}

/** Returns the constraints that are added by a change of the catalog alone once the rows are there. */
export function lateConstraints(after: Relation): Constraint[] {
  return after.constraints.filter(
    (constraint) => (constraint.kind === 'check' || constraint.kind === 'notNull') && !isMadeAtOnce(constraint),
  )
}

function defaultOf(column: Column, sequences: TwinSequences, names: TwinNames): string | null {
  const made = sequences.made.find(({ ownedBy }) => ownedBy?.column === column.name)
  if (made === undefined || column.default === null) {
    return column.default
  }
  const literal = /^nextval\('((?:[^']|'')+)'::regclass\)$/.exec(column.default)?.[1]?.replaceAll(`''`, `'`)
  if (literal === undefined || !isSameName(parseQualified(literal), made)) {
    throw new TwinRefusal(`the default of ${column.name} uses a sequence that is made with it in a way of its own`)
  }
  return `nextval(${quoteLiteral(sqlName(hidden(made, names)))}::regclass)`
}

/** Returns the hidden name of a part of the twin. */
export function hidden(part: RelationName, names: TwinNames): RelationName {
  return { schema: keptSchema, name: names.hideNew(part) }
}

/** Returns the statements that make the twin without keys and indexes. */
export function makeTwin(
  after: Relation,
  sequences: TwinSequences,
  names: TwinNames,
  { version, carried }: { version: number; carried: { name: string; type: string }[] },
): string[] {
  const table = bareTable(after, sequences, names)
  const identities = sequences.identities.map(({ sequence }) => ({ ...sequence, ...hidden(sequence, names) }))
  return [
    ...(after.tablespace === null ? [] : [inTablespace(after.tablespace)]),
    ...sequences.made.map((sequence) => {
      const unlogged = sequence.persistence === 'unlogged' ? 'UNLOGGED ' : ''
      return `CREATE ${unlogged}SEQUENCE ${sqlName(hidden(sequence, names))} AS ${sequence.type} ${renderSequenceOptions(sequence)}`
    }),
    ...renderBareTable(table, identities, version),
    ...carried.map(({ name, type }) => alterTable(names.twin, `ADD COLUMN ${quoteIdentifier(name)} ${type}`)),
    ...sequences.made.map(
      (sequence) =>
        `ALTER SEQUENCE ${sqlName(hidden(sequence, names))} OWNED BY ${sqlName(names.twin)}.${quoteIdentifier(sequence.ownedBy?.column ?? '')}`,
    ),
    ...(after.tablespace === null ? [] : [`SET LOCAL default_tablespace = ''`]),
  ]
}

/** Returns the statements for keys, indexes and statistics, a group each; the first one finds rows by the key. */
export function buildTwin(
  after: Relation,
  key: string[],
  names: TwinNames,
): { builds: string[][]; helper: string | undefined } {
  const table: Relation = { ...after, ...names.twin }
  const servesKey = (index: Index): boolean => {
    return index.unique && index.predicate === null && key.every((name, position) => index.columns[position] === name)
  }
  const serving = after.indexes.find((index) => servesKey(index) && index.columns.length === key.length)
  const others = after.indexes.filter((index) => index !== serving)
  const invalid = after.indexes.find(({ valid }) => !valid)
  if (invalid !== undefined) {
    throw new TwinRefusal(`the index ${invalid.name} is invalid: drop it, or build it anew by REINDEX CONCURRENTLY`)
  }
  const helper = serving === undefined ? names.hideNew({ schema: after.schema, name: '' }) : undefined
  const columns = key.map((name) => quoteIdentifier(name)).join(', ')
  const first =
    serving === undefined
      ? [`CREATE UNIQUE INDEX ${quoteIdentifier(helper ?? '')} ON ${sqlName(names.twin)} (${columns})`]
      : buildIndex(table, after, serving, names)
  return {
    builds: [
      first,
      ...others.map((index) => buildIndex(table, after, index, names)),
      [...finish(table, after, names), `ANALYZE ${sqlName(names.twin)}`],
    ],
    helper,
  }
}

/** A shadow has no tablespaces but its own. */
function inTablespace(name: string): string {
  return `SELECT pg_catalog.set_config('default_tablespace', coalesce((SELECT spcname::text FROM pg_catalog.pg_tablespace WHERE spcname = ${quoteLiteral(name)}), ''), true)`
}

function buildIndex(table: Relation, after: Relation, index: Index, names: TwinNames): string[] {
  const name = names.hideNew({ schema: after.schema, name: index.name })
  const constraint = after.constraints.find((one) => one.name === index.constraint)
  const build =
    constraint === undefined
      ? `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(name)} ON ${sqlName(names.twin)} ${index.body}`
      : alterTable(names.twin, `ADD CONSTRAINT ${quoteIdentifier(name)} ${constraint.definition}`)
  const space = index.tablespace
  return [
    ...(space === null ? [] : [inTablespace(space)]),
    build,
    // An index's own definition has its options, a constraint's has not.
    ...renderIndexSettings(table, { ...index, name, options: constraint === undefined ? [] : index.options }),
    ...(constraint === undefined ? [] : renderConstraintComment(table, { ...constraint, name })),
    ...(space === null ? [] : [`SET LOCAL default_tablespace = ''`]),
  ]
}

function finish(table: Relation, after: Relation, names: TwinNames): string[] {
  const { kind, index } = after.replicaIdentity
  const identity = index === null ? '' : names.hideNew({ schema: after.schema, name: index })
  return [
    ...(kind === 'index' ? [alterTable(names.twin, `REPLICA IDENTITY USING INDEX ${quoteIdentifier(identity)}`)] : []),
    ...table.statistics.flatMap((statistics) => {
      const name = hidden(statistics, names)
      return [
        statisticsOn(statistics.definition, name, names.twin),
        ...(statistics.target === null
          ? []
          : [`ALTER STATISTICS ${sqlName(name)} SET STATISTICS ${statistics.target}`]),
        ...renderComment(`STATISTICS ${sqlName(name)}`, statistics.comment),
      ]
    }),
  ]
}

function statisticsOn(definition: string, name: RelationName, table: RelationName): string {
  const node = parseSql(definition)[0]?.node
  const statement = bodyOf<CreateStatsStmt>(node, 'CreateStatsStmt')
  const [relation] = statement?.relations ?? []
  const range = bodyOf<object>(relation, 'RangeVar')
  if (statement === undefined || range === undefined) {
    throw new TwinRefusal(`extended statistics cannot be written for another table: ${definition}`)
  }
  const defnames = [name.schema, name.name].map((sval) => ({ String: { sval } }))
  const relations = [{ RangeVar: { ...range, schemaname: table.schema, relname: table.name } }]
  return deparse({ CreateStatsStmt: { ...statement, defnames, relations } })
}
