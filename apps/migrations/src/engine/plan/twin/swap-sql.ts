/** The exchange of a table and its twin: names, sequences, keys to other tables, rights, and all that stands on it. */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Catalog, Publication, Relation, Sequence } from '../../inspect/catalog.ts'
import { renderComment } from '../../inspect/render/common.ts'
import { createRenderContext, type RenderContext } from '../../inspect/render/node.ts'
import { renderRights } from '../../inspect/render/rights.ts'
import { renderPublishedTable, routineWord, signatureOf, targetOf } from '../../inspect/render/simple.ts'
import { renderColumnRights, renderRowSecurity } from '../../inspect/render/table.ts'
import { policyNode, renderConstraintComment, ruleNode, triggerNodes } from '../../inspect/render/table-parts.ts'
import { renderCreateView } from '../../inspect/render/view.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, lockOn, sqlName } from '../actions.ts'
import { isSameName } from '../bridges/trace-names.ts'
import { keptSchema } from '../kept/kept-names.ts'
import type { RelationLock } from '../step.ts'
import type { CarriedKey } from './copied-columns.ts'
import { unwatchTable } from './log-sql.ts'
import {
  dependantsOfTable,
  type ForeignKey,
  foreignKeySql,
  foreignKeysOf,
  type TableDependants,
} from './table-dependants.ts'
import type { TwinNames } from './twin-names.ts'
import { lateConstraints, sequencesOf, type TwinSequences } from './twin-parts.ts'
import { TwinRefusal } from './twin-refusal.ts'

export interface Exchange {
  /** The table as it is, and as it is to be. */
  before: Relation
  after: Relation
  catalogBefore: Catalog
  catalogAfter: Catalog
  names: TwinNames
  /** An index of the twin's that only helped to find rows. */
  helper: string | undefined
  /** Columns of the twin's for a key that it does not have. */
  carried: CarriedKey | undefined
  hasLiveRoles: boolean
}

/** Returns the statements of the exchange, in their order, and the locks to take before. */
export function swapSql(exchange: Exchange): {
  sql: string[]
  locks: RelationLock[]
  place: string[]
  validate: string[]
} {
  const { before, after, catalogBefore, catalogAfter } = exchange
  const context = createRenderContext(catalogAfter)
  const serverMajor = Math.floor(context.version / 10000)
  const keysBefore = foreignKeysOf(before, catalogBefore)
  const keysAfter = foreignKeysOf(after, catalogAfter)
  const dependants = dependantsOfTable(after, catalogAfter)
  const sequences = sequencesOf(after, catalogBefore, catalogAfter)
  const publications = publicationsOf(after, catalogAfter)
  return {
    sql: [
      // A function of the row type would keep the old one: another one of the same name comes with the twin.
      ...dependantsOfTable(before, catalogBefore).typed.map(
        (routine) => `DROP ${routineWord(routine)} ${signatureOf(routine)}`,
      ),
      ...leave(exchange, keysBefore, sequences),
      ...enter(exchange, sequences),
      ...lateConstraints(after).flatMap((constraint) => [
        alterTable(after, `ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`),
        ...renderConstraintComment(after, constraint),
      ]),
      ...exchangeForeignKeys(after, keysBefore, keysAfter, serverMajor),
      ...renderRowSecurity(after),
      ...parts(after, context),
      ...standOnTwin(dependants, context),
      ...publications.map(
        (publication) =>
          `ALTER PUBLICATION ${quoteIdentifier(publication.name)} ADD TABLE ${renderPublishedTable(publicationTable(publication, after))}`,
      ),
    ],
    place: [
      ...rights(after, catalogAfter, context),
      ...[...sequences.identities.map(({ sequence }) => sequence), ...sequences.made].flatMap((sequence) =>
        renderRights({
          kind: 'sequence',
          target: `SEQUENCE ${sqlName(sequence)}`,
          owner: sequence.owner,
          acl: sequence.acl,
          version: context.version,
        }),
      ),
      ...after.statistics
        .filter(({ owner }) => owner !== catalogAfter.currentUser)
        .map((one) => `ALTER STATISTICS ${sqlName(one)} OWNER TO ${quoteIdentifier(one.owner)}`),
      ...dependants.typed.flatMap((routine) => [
        ...(routine.owner === catalogAfter.currentUser
          ? []
          : [`ALTER ${routineWord(routine)} ${signatureOf(routine)} OWNER TO ${quoteIdentifier(routine.owner)}`]),
        ...renderRights({
          kind: 'routine',
          target: targetOf(routine),
          owner: routine.owner,
          acl: routine.acl,
          version: context.version,
        }),
      ]),
    ],
    locks: locksOf(exchange, [...keysBefore, ...keysAfter], dependants),
    validate: keysAfter
      .filter(({ constraint }) => constraint.validated && constraint.enforced)
      .map(({ relation, constraint }) =>
        alterTable(relation, `VALIDATE CONSTRAINT ${quoteIdentifier(constraint.name)}`),
      ),
  }
}

/** Names in schema freehold that an index of the user's may have. */
const journalNames: ReadonlySet<string> = new Set([
  'lease_pkey',
  'migration_runs_pkey',
  'migration_runs_open_key',
  'run_steps_pkey',
  'run_steps_run_id_position_key',
])

function dropForeignKey({ constraint }: ForeignKey): string {
  return `DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`
}

/** Each table once: its keys to the table go and come in one command. Those of the table itself went with it. */
function exchangeForeignKeys(
  after: Relation,
  keysBefore: ForeignKey[],
  keysAfter: ForeignKey[],
  serverMajor: number,
): string[] {
  const commands = new Map<string, string[]>()
  const add = (relation: Relation, command: string): void => {
    const name = sqlName(relation)
    commands.set(name, [...(commands.get(name) ?? []), command])
  }
  for (const key of keysBefore.filter(({ relation }) => !isSameName(relation, after))) {
    add(key.relation, dropForeignKey(key))
  }
  for (const key of keysAfter) {
    add(key.relation, foreignKeySql(key, serverMajor))
  }
  return [
    ...[...commands].map(([name, list]) => `ALTER TABLE ${name} ${list.join(', ')}`),
    ...keysAfter.flatMap(({ relation, constraint }) => renderConstraintComment(relation, constraint)),
  ]
}

/** The table goes: what ties it to others is cut, and its names are free. */
function leave(exchange: Exchange, foreignKeys: ForeignKey[], sequences: TwinSequences): string[] {
  const { before, names, catalogBefore } = exchange
  const inPlace = { schema: before.schema, name: names.kept.name }
  const rename = (word: string, part: RelationName): string =>
    `ALTER ${word} ${sqlName(part)} RENAME TO ${quoteIdentifier(names.hideOld(part))}`
  const own = foreignKeys.filter(({ relation }) => relation === before).map(dropForeignKey)
  return [
    ...unwatchTable(before, names),
    ...(own.length === 0 ? [] : [alterTable(before, own.join(', '))]),
    ...publicationsOf(before, catalogBefore).map(
      ({ name }) => `ALTER PUBLICATION ${quoteIdentifier(name)} DROP TABLE ${sqlName(before)}`,
    ),
    ...sequences.handedOver.map((sequence) => `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY NONE`),
    // Indexes and sequences go along to the other schema, and get hidden names there when nobody waits any more.
    ...before.indexes
      .filter(({ name }) => journalNames.has(name))
      .map(({ name }) => rename('INDEX', { schema: before.schema, name })),
    ...before.statistics.map(
      (statistics) => `ALTER STATISTICS ${sqlName(statistics)} SET SCHEMA ${quoteIdentifier(keptSchema)}`,
    ),
    alterTable(before, `RENAME TO ${quoteIdentifier(names.kept.name)}`),
    alterTable(inPlace, `SET SCHEMA ${quoteIdentifier(keptSchema)}`),
  ]
}

/** The twin comes: it takes the names, and its sequences go on where the table's are. */
function enter(exchange: Exchange, sequences: TwinSequences): string[] {
  const { after, names, helper, carried } = exchange
  const dropCarried = (carried?.columns ?? []).map((name) => `DROP COLUMN ${quoteIdentifier(name)}`)
  const inPlace = { schema: after.schema, name: names.twin.name }
  const named = (word: string, part: RelationName): string =>
    `ALTER ${word} ${sqlName({ schema: part.schema, name: names.hideNew(part) })} RENAME TO ${quoteIdentifier(part.name)}`
  const own = [...sequences.identities.map(({ sequence }) => sequence), ...sequences.made]
  return [
    ...(helper === undefined ? [] : [`DROP INDEX ${sqlName({ schema: keptSchema, name: helper })}`]),
    ...(dropCarried.length === 0 ? [] : [alterTable(names.twin, dropCarried.join(', '))]),
    alterTable(names.twin, `SET SCHEMA ${quoteIdentifier(after.schema)}`),
    alterTable(inPlace, `RENAME TO ${quoteIdentifier(after.name)}`),
    // The sequence of a column is always in its table's schema.
    ...own.map((sequence) => named('SEQUENCE', sequence)),
    ...sequences.identities.flatMap(({ sequence, before }) => (before === undefined ? [] : [goOn(sequence, before)])),
    ...after.indexes.map(({ name }) => named('INDEX', { schema: after.schema, name })),
    ...after.statistics.flatMap((statistics) => [
      `ALTER STATISTICS ${sqlName({ schema: keptSchema, name: names.hideNew(statistics) })} SET SCHEMA ${quoteIdentifier(statistics.schema)}`,
      named('STATISTICS', statistics),
    ]),
    ...sequences.handedOver.map(
      (sequence) =>
        `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY ${sqlName(after)}.${quoteIdentifier(sequence.ownedBy?.column ?? '')}`,
    ),
    ...own.flatMap((sequence) => renderComment(`SEQUENCE ${sqlName(sequence)}`, sequence.comment)),
  ]
}

function goOn(sequence: Sequence, before: Sequence): string {
  const old = { schema: keptSchema, name: before.name }
  return `SELECT pg_catalog.setval(${quoteLiteral(sqlName(sequence))}, last_value, is_called) FROM ${sqlName(old)}`
}

function rights(after: Relation, catalog: Catalog, context: RenderContext): string[] {
  const name = sqlName(after)
  const isOther = after.owner !== catalog.currentUser
  const target = { kind: 'relation', target: `TABLE ${name}`, owner: after.owner, acl: after.acl } as const
  // What default rights gave the twin when it was made.
  const given = catalog.others.filter(({ family }) => family === 'default privileges').flatMap(({ roles }) => roles)
  const maker = quoteIdentifier(after.owner)
  const reset = [...new Set([...given, 'public'])].map(
    (role) => `${role === 'public' ? '' : quoteIdentifier(role)}=r/${maker}`,
  )
  const isReset = given.length > 0
  return [
    ...(isOther ? [alterTable(after, `OWNER TO ${quoteIdentifier(after.owner)}`)] : []),
    ...renderRights({ ...target, version: context.version }, isReset ? { reset } : {}),
    ...renderColumnRights(after, context),
  ]
}

function parts(after: Relation, context: RenderContext): string[] {
  return [
    ...after.rules.flatMap((rule) => ruleNode(after, rule, context).sql),
    ...after.policies.flatMap((policy) => policyNode(after, policy, context).sql),
    ...after.triggers.flatMap((trigger) => triggerNodes(after, trigger, context).flatMap(({ sql }) => sql)),
  ]
}

/** A view, and a function whose signature does not name the row type, is replaced in place: what stands on it stays. */
function standOnTwin(dependants: TableDependants, context: RenderContext): string[] {
  return [
    ...dependants.views.map((view) => renderCreateView(view, { replace: true })),
    ...dependants.bodies.map((routine) => routine.definition),
    ...dependants.typed.flatMap((routine) => [
      routine.definition,
      ...renderComment(`${routineWord(routine)} ${signatureOf(routine)}`, routine.comment),
    ]),
    ...dependants.policies.flatMap(({ relation, policy }) => [
      `DROP POLICY ${quoteIdentifier(policy.name)} ON ${sqlName(relation)}`,
      ...policyNode(relation, policy, context).sql,
    ]),
    ...dependants.rules.flatMap(({ relation, rule }) => [
      `DROP RULE ${quoteIdentifier(rule.name)} ON ${sqlName(relation)}`,
      ...ruleNode(relation, rule, context).sql,
    ]),
  ]
}

function publicationsOf(table: RelationName, catalog: Catalog): Publication[] {
  const all = catalog.publications.find(({ allTables }) => allTables)
  if (all !== undefined) {
    throw new TwinRefusal(
      `the publication ${all.name} is FOR ALL TABLES, so that it would publish the copy row by row: name its tables instead`,
    )
  }
  return catalog.publications.filter(({ tables }) => tables.some((member) => isSameName(member, table)))
}

function publicationTable(publication: Publication, table: RelationName): Publication['tables'][number] {
  return publication.tables.find((member) => isSameName(member, table)) as Publication['tables'][number]
}

/** Views first, as queries lock them, then the table, then the others in one order. */
function locksOf({ before }: Exchange, foreignKeys: ForeignKey[], dependants: TableDependants): RelationLock[] {
  const others = new Map<string, RelationName>()
  const add = (name: RelationName): void => {
    if (!isSameName(name, before)) {
      others.set(JSON.stringify([name.schema, name.name]), { schema: name.schema, name: name.name })
    }
  }
  for (const { relation, constraint } of foreignKeys) {
    add(relation)
    if (constraint.references !== null) {
      add({ schema: constraint.references.schema, name: constraint.references.table })
    }
  }
  for (const { relation } of [...dependants.policies, ...dependants.rules]) {
    add(relation)
  }
  const sorted = [...others].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => lockOn(name))
  return [...dependants.views.map((view) => lockOn(view)), lockOn(before), ...sorted]
}

/** Returns what makes the kept table a thing of its own: nothing of the user's is needed by it any more. */
export function cutKept(
  { before, names, catalogBefore, catalogAfter }: Omit<Exchange, 'helper'>,
  key: string[],
): string[] {
  const { left } = sequencesOf(before, catalogBefore, catalogAfter)
  const inKept = (name: string): RelationName => ({ schema: keptSchema, name })
  const table = sqlName(names.kept)
  const column = (name: string, text: string): string => `ALTER COLUMN ${quoteIdentifier(name)} ${text}`
  const alterations = [
    ...before.columns.flatMap((one) => [
      ...(one.identity === null ? [] : [column(one.name, 'DROP IDENTITY IF EXISTS')]),
      ...(one.default === null || one.generated === 'virtual'
        ? []
        : [column(one.name, one.generated === 'stored' ? 'DROP EXPRESSION IF EXISTS' : 'DROP DEFAULT')]),
    ]),
    ...before.constraints
      .filter(({ kind }) => kind === 'check')
      .map(({ name }) => `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`),
  ]
  const servesKey = (name: (string | null)[]): boolean =>
    name.length === key.length && key.every((one, at) => name[at] === one)
  const isKept = ({ unique, predicate, columns }: Relation['indexes'][number]): boolean => {
    return unique && predicate === null && servesKey(columns)
  }
  const hidden = (name: string): string => names.hideOld({ schema: before.schema, name })
  const nameOf = (name: string): string => (journalNames.has(name) ? hidden(name) : name)
  return [
    ...before.triggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.policies.map(({ name }) => `DROP POLICY IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.rules.map(({ name }) => `DROP RULE IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.statistics.map(({ name }) => `DROP STATISTICS IF EXISTS ${sqlName(inKept(name))}`),
    `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY${alterations.map((text) => `, ${text}`).join('')}`,
    ...before.indexes.map((index) => {
      if (isKept(index)) {
        return `ALTER INDEX IF EXISTS ${sqlName(inKept(nameOf(index.name)))} RENAME TO ${quoteIdentifier(hidden(index.name))}`
      }
      return index.constraint === null
        ? `DROP INDEX IF EXISTS ${sqlName(inKept(nameOf(index.name)))}`
        : alterTable(names.kept, `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(nameOf(index.name))}`)
    }),
    ...left.map(
      (sequence) =>
        `ALTER SEQUENCE IF EXISTS ${sqlName(inKept(sequence.name))} RENAME TO ${quoteIdentifier(names.hideOld(sequence))}`,
    ),
    ...renderComment(`TABLE ${table}`, `what ${before.name} was before it was changed`),
  ]
}
