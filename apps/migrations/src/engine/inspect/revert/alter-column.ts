import { quoteIdentifier } from '@freehold/postgres'
import { relationWord } from '../object-keys.ts'
import { nameOf } from '../render/common.ts'
import type { RenderContext } from '../render/node.ts'
import { renderRights } from '../render/rights.ts'
import {
  type Alteration,
  changedProperties,
  renderCommentChange,
  renderOptionChanges,
  unchanged,
} from './alteration.ts'
import type { EntryOf } from './entries.ts'

/** Returns what takes a column back, but for its default, which is an object of its own. */
export function alterColumn(before: EntryOf<'column'>, after: EntryOf<'column'>, context: RenderContext): Alteration {
  const { object, relation } = before
  const isTable = relation.definition === null
  const changed = changedProperties(object, after.object)
  const table = `ALTER ${relationWord(relation.kind).toUpperCase()} ${nameOf(relation)}`
  const alter = `${table} ALTER COLUMN ${quoteIdentifier(object.name)}`
  // An identity needs its column's NOT NULL.
  const identity = alterIdentity(before, after, alter)
  const sql: string[] = [...identity.sql]
  const cannot: string[] = [...identity.cannot]
  const heavy: string[] = []
  const column = `the column ${quoteIdentifier(object.name)} of ${nameOf(relation)}`
  if (isTable && (changed.includes('type') || changed.includes('collation'))) {
    const collation = object.collation === null ? '' : ` COLLATE ${object.collation}`
    // Types of the user's, enums above all, have a cast through text and none to each other.
    const throughText = object.type.includes('.') || after.object.type.includes('.') ? '::text' : ''
    const value = `${quoteIdentifier(object.name)}${throughText}::${object.type}`
    sql.push(`${alter} TYPE ${object.type}${collation} USING ${value}`)
    heavy.push(`${column} is given its old type`)
  }
  // From 18 on, a not-null constraint is an object of its own.
  if (changed.includes('notNull') && context.version < 180000) {
    sql.push(`${alter} ${object.notNull ? 'SET' : 'DROP'} NOT NULL`)
    if (object.notNull) {
      heavy.push(`${column} is searched for nulls`)
    }
  }
  if (changed.includes('generated') || (object.generated !== null && changed.includes('default'))) {
    cannot.push(`${column} cannot be taken back to how it was generated`)
  }
  if (isTable) {
    sql.push(...alterSettings(before, after, changed, alter))
  }
  if (changed.includes('acl')) {
    const target = { kind: 'column', target: `TABLE ${nameOf(relation)}`, column: object.name } as const
    const rights = { ...target, owner: relation.owner, acl: object.acl, version: context.version }
    sql.push(...renderRights(rights, { reset: after.object.acl }))
  }
  if (changed.includes('comment')) {
    sql.push(renderCommentChange(`COLUMN ${nameOf(relation)}.${quoteIdentifier(object.name)}`, object.comment))
  }
  return { ...unchanged, sql, cannot, heavy }
}

function alterIdentity(before: EntryOf<'column'>, after: EntryOf<'column'>, alter: string): Alteration {
  const [left, right] = [before.object.identity, after.object.identity]
  if (left === right) {
    return unchanged
  }
  if (left === null) {
    return { ...unchanged, sql: [`${alter} DROP IDENTITY`] }
  }
  if (right === null) {
    const column = `${quoteIdentifier(before.object.name)} of ${nameOf(before.relation)}`
    return { ...unchanged, cannot: [`the column ${column} lost its identity and with it the sequence's place`] }
  }
  return { ...unchanged, sql: [`${alter} SET GENERATED ${left === 'always' ? 'ALWAYS' : 'BY DEFAULT'}`] }
}

function alterSettings(
  before: EntryOf<'column'>,
  after: EntryOf<'column'>,
  changed: string[],
  alter: string,
): string[] {
  const { object } = before
  return [
    ...(changed.includes('storage') ? [`${alter} SET STORAGE ${object.storage}`] : []),
    ...(changed.includes('compression') ? [`${alter} SET COMPRESSION ${object.compression ?? 'default'}`] : []),
    ...(changed.includes('statisticsTarget') ? [`${alter} SET STATISTICS ${object.statisticsTarget ?? -1}`] : []),
    ...(changed.includes('options') ? renderOptionChanges(alter, object.options, after.object.options) : []),
  ]
}
