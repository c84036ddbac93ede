/** The exchange of a table and its twin: names, sequences, keys to other tables, rights, and all that stands on it. */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Catalog, Publication, Relation, Sequence } from '../../inspect/catalog.ts'
import { renderComment } from '../../inspect/render/common.ts'
import { createRenderContext, type RenderContext } from '../../inspect/render/node.ts'
import { renderRights } from '../../inspect/render/rights.ts'
import {
  renderOwnedSequence,
  renderPublishedTable,
  routineNode,
  routineWord,
  signatureOf,
} from '../../inspect/render/simple.ts'
import { renderColumnRights, renderRowSecurity } from '../../inspect/render/table.ts'
import { policyNode, renderConstraintComment, ruleNode, triggerNodes } from '../../inspect/render/table-parts.ts'
import { renderCreateView } from '../../inspect/render/view.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, lockOn, sqlName } from '../actions.ts'
import { isSameName } from '../bridges/trace-names.ts'
import { keptSchema } from '../kept/kept-names.ts'
import type { RelationLock } from '../step.ts'
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
}

/** Returns the statements of the exchange, in their order, and the locks to take before. */
export function swapSql(exchange: Exchange): { sql: string[]; locks: RelationLock[]; validate: string[] } {
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
      ...enter(exchange, sequences, context),
      ...lateConstraints(after).flatMap((constraint) => [
        alterTable(after, `ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`),
        ...renderConstraintComment(after, constraint),
      ]),
      ...rights(after, catalogAfter, context),
      ...keysAfter.flatMap((key) => [
        alterTable(key.relation, foreignKeySql(key, serverMajor)),
        ...renderConstraintComment(key.relation, key.constraint),
      ]),
      ...renderRowSecurity(after),
      ...parts(after, context),
      ...standOnTwin(dependants, context),
      ...publications.map(
        (publication) =>
          `ALTER PUBLICATION ${quoteIdentifier(publication.name)} ADD TABLE ${renderPublishedTable(publicationTable(publication, after))}`,
      ),
    ],
    locks: locksOf(exchange, [...keysBefore, ...keysAfter], dependants),
    validate: keysAfter
      .filter(({ constraint }) => constraint.validated && constraint.enforced)
      .map(({ relation, constraint }) =>
        alterTable(relation, `VALIDATE CONSTRAINT ${quoteIdentifier(constraint.name)}`),
      ),
  }
}

/** The table goes: what ties it to others is cut, and its names are free. */
function leave(exchange: Exchange, foreignKeys: ForeignKey[], sequences: TwinSequences): string[] {
  const { before, names, catalogBefore } = exchange
  const inPlace = { schema: before.schema, name: names.kept.name }
  const rename = (word: string, part: RelationName): string =>
    `ALTER ${word} ${sqlName(part)} RENAME TO ${quoteIdentifier(names.hideOld(part))}`
  const identities = sequences.identities.flatMap(({ before: old }) => old ?? [])
  return [
    ...unwatchTable(before, names),
    ...foreignKeys.map(({ relation, constraint }) =>
      alterTable(relation, `DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`),
    ),
    ...publicationsOf(before, catalogBefore).map(
      ({ name }) => `ALTER PUBLICATION ${quoteIdentifier(name)} DROP TABLE ${sqlName(before)}`,
    ),
    ...sequences.handedOver.map((sequence) => `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY NONE`),
    ...[...identities, ...sequences.left].map((sequence) => rename('SEQUENCE', sequence)),
    ...before.indexes.map(({ name }) => rename('INDEX', { schema: before.schema, name })),
    ...before.statistics.flatMap((statistics) => [
      rename('STATISTICS', statistics),
      `ALTER STATISTICS ${sqlName({ schema: statistics.schema, name: names.hideOld(statistics) })} SET SCHEMA ${quoteIdentifier(keptSchema)}`,
    ]),
    alterTable(before, `RENAME TO ${quoteIdentifier(names.kept.name)}`),
    alterTable(inPlace, `SET SCHEMA ${quoteIdentifier(keptSchema)}`),
  ]
}

/** The twin comes: it takes the names, and its sequences go on where the table's are. */
function enter(exchange: Exchange, sequences: TwinSequences, context: RenderContext): string[] {
  const { after, names, helper } = exchange
  const inPlace = { schema: after.schema, name: names.twin.name }
  const named = (word: string, part: RelationName): string =>
    `ALTER ${word} ${sqlName({ schema: part.schema, name: names.hideNew(part) })} RENAME TO ${quoteIdentifier(part.name)}`
  const own = [...sequences.identities.map(({ sequence }) => sequence), ...sequences.made]
  return [
    ...(helper === undefined ? [] : [`DROP INDEX ${sqlName({ schema: keptSchema, name: helper })}`]),
    alterTable(names.twin, `SET SCHEMA ${quoteIdentifier(after.schema)}`),
    alterTable(inPlace, `RENAME TO ${quoteIdentifier(after.name)}`),
    // The sequence of a column is always in its table's schema.
    ...own.map((sequence) => named('SEQUENCE', sequence)),
    ...sequences.identities.flatMap(({ sequence, before }) =>
      before === undefined ? [] : [goOn(sequence, before, names)],
    ),
    ...after.indexes.map(({ name }) => named('INDEX', { schema: after.schema, name })),
    ...after.statistics.flatMap((statistics) => [
      `ALTER STATISTICS ${sqlName({ schema: keptSchema, name: names.hideNew(statistics) })} SET SCHEMA ${quoteIdentifier(statistics.schema)}`,
      named('STATISTICS', statistics),
    ]),
    ...sequences.handedOver.map(
      (sequence) =>
        `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY ${sqlName(after)}.${quoteIdentifier(sequence.ownedBy?.column ?? '')}`,
    ),
    ...own.flatMap((sequence) => renderOwnedSequence(sequence, context)),
  ]
}

function goOn(sequence: Sequence, before: Sequence, names: TwinNames): string {
  const old = { schema: keptSchema, name: names.hideOld(before) }
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
    ...dependants.typed.flatMap((routine) => routineNode(routine, context).sql),
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
export function cutKept({ before, names }: Exchange, key: string[]): string[] {
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
  const indexes = before.indexes.filter(
    ({ unique, predicate, columns }) => !(unique && predicate === null && servesKey(columns)),
  )
  return [
    ...before.triggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.policies.map(({ name }) => `DROP POLICY IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.rules.map(({ name }) => `DROP RULE IF EXISTS ${quoteIdentifier(name)} ON ${table}`),
    ...before.statistics.map(
      (one) => `DROP STATISTICS IF EXISTS ${sqlName({ schema: keptSchema, name: names.hideOld(one) })}`,
    ),
    `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY${alterations.map((text) => `, ${text}`).join('')}`,
    ...indexes.map((index) => {
      const hidden = names.hideOld({ schema: before.schema, name: index.name })
      return index.constraint === null
        ? `DROP INDEX IF EXISTS ${sqlName({ schema: keptSchema, name: hidden })}`
        : alterTable(names.kept, `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(hidden)}`)
    }),
    ...renderComment(`TABLE ${table}`, `what ${before.name} was before it was changed`),
  ]
}
