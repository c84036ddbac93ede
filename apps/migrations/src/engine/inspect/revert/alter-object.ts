import { quoteIdentifier } from '@freehold/postgres'
import { nameOf } from '../render/common.ts'
import type { RenderContext } from '../render/node.ts'
import {
  renderPublicationOptions,
  renderPublished,
  renderSequenceOptions,
  routineWord,
  signatureOf,
  targetOf,
} from '../render/simple.ts'
import { renderEnabled } from '../render/table-parts.ts'
import { alterColumn } from './alter-column.ts'
import { alterRelation } from './alter-relation.ts'
import { alterType } from './alter-type.ts'
import {
  type Alteration,
  alterOwned,
  areOnly,
  changedProperties,
  recreated,
  renderCommentChange,
  renderOptionChanges,
  unchanged,
} from './alteration.ts'
import type { Entry, EntryOf } from './entries.ts'

/** Returns what takes the object `after` back to what it was `before`. */
export function alterObject(before: Entry, after: Entry, context: RenderContext): Alteration {
  switch (before.family) {
    case 'schema':
      return alterSchema(before, after as EntryOf<'schema'>, context)
    case 'extension':
      return alterExtension(before, after as EntryOf<'extension'>)
    case 'type':
      return alterType(before.object, (after as EntryOf<'type'>).object, context)
    case 'sequence':
      return alterSequence(before, after as EntryOf<'sequence'>, context)
    case 'routine':
      return alterRoutine(before, after as EntryOf<'routine'>, context)
    case 'publication':
      return alterPublication(before, after as EntryOf<'publication'>)
    case 'relation':
      return alterRelation(before.object, (after as EntryOf<'relation'>).object, context)
    case 'column':
      return alterColumn(before, after as EntryOf<'column'>, context)
    case 'index':
      return alterIndex(before, after as EntryOf<'index'>)
    case 'trigger':
    case 'rule':
      return alterSwitched(before, after as EntryOf<'trigger' | 'rule'>)
    case 'other':
      return alterOther(before, after as EntryOf<'other'>)
    case 'constraint':
      return alterConstraint(before, after as EntryOf<'constraint'>)
    case 'statistics':
      return alterStatistics(before, after as EntryOf<'statistics'>)
    default:
      return alterCommented(before, after)
  }
}

function alterSchema(before: EntryOf<'schema'>, after: EntryOf<'schema'>, context: RenderContext): Alteration {
  const target = quoteIdentifier(before.object.name)
  const rights = { kind: 'schema', version: context.version } as const
  return { ...unchanged, sql: alterOwned('SCHEMA', target, before.object, after.object, rights) }
}

function alterExtension(before: EntryOf<'extension'>, after: EntryOf<'extension'>): Alteration {
  const name = quoteIdentifier(before.object.name)
  const changed = changedProperties(before.object, after.object)
  const sql = [
    ...(changed.includes('schema')
      ? [`ALTER EXTENSION ${name} SET SCHEMA ${quoteIdentifier(before.object.schema)}`]
      : []),
    ...(changed.includes('comment') ? [renderCommentChange(`EXTENSION ${name}`, before.object.comment)] : []),
  ]
  const cannot = changed.includes('version')
    ? [`the extension ${name} cannot be taken back from version ${after.object.version} to ${before.object.version}`]
    : []
  return { ...unchanged, sql, cannot }
}

const sequenceOptions = ['type', 'start', 'increment', 'min', 'max', 'cache', 'cycle']

function alterSequence(before: EntryOf<'sequence'>, after: EntryOf<'sequence'>, context: RenderContext): Alteration {
  const { object } = before
  const name = nameOf(object)
  const changed = changedProperties(object, after.object)
  const sql = alterOwned('SEQUENCE', name, object, after.object, { kind: 'sequence', version: context.version })
  if (changed.some((property) => sequenceOptions.includes(property))) {
    const type = changed.includes('type') ? ` AS ${object.type}` : ''
    sql.push(`ALTER SEQUENCE ${name}${type} ${renderSequenceOptions(object)}`)
  }
  if (changed.includes('persistence')) {
    sql.push(`ALTER SEQUENCE ${name} SET ${object.persistence === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`)
  }
  if (changed.includes('ownedBy') && object.ownedBy?.by !== 'internal' && after.object.ownedBy?.by !== 'internal') {
    const { ownedBy } = object
    const column =
      ownedBy === null
        ? 'NONE'
        : `${nameOf({ schema: ownedBy.schema, name: ownedBy.table })}.${quoteIdentifier(ownedBy.column)}`
    // First of all: the column that it was given to may be dropped next.
    sql.unshift(`ALTER SEQUENCE ${name} OWNED BY ${column}`)
  }
  return { ...unchanged, sql }
}

function alterRoutine(before: EntryOf<'routine'>, after: EntryOf<'routine'>, context: RenderContext): Alteration {
  const { object } = before
  const changed = changedProperties(object, after.object)
  const definitionChanged = changed.includes('definition')
  // CREATE OR REPLACE changes neither names nor defaults of arguments, nor the result.
  const replaceable =
    object.kind !== 'aggregate' &&
    areOnly(changed, ['definition', 'language', 'owner', 'acl', 'comment']) &&
    headOf(object.definition) === headOf(after.object.definition)
  if (definitionChanged && !replaceable) {
    return recreated
  }
  const rights = { kind: 'routine', version: context.version, target: targetOf(object) } as const
  const owned = alterOwned(routineWord(object), signatureOf(object), object, after.object, rights)
  return { ...unchanged, sql: [...(definitionChanged ? [object.definition] : []), ...owned] }
}

/** Returns a definition up to what follows its arguments. */
function headOf(definition: string): string {
  const end = definition.search(/\n (RETURNS|LANGUAGE) /)
  return end < 0 ? definition : definition.slice(0, end)
}

function alterPublication(before: EntryOf<'publication'>, after: EntryOf<'publication'>): Alteration {
  const { object } = before
  const name = quoteIdentifier(object.name)
  const changed = changedProperties(object, after.object)
  if (changed.includes('allTables')) {
    return recreated
  }
  const members = changed.includes('tables') || changed.includes('schemas')
  const published = renderPublished(object).replace(/^ FOR /, '')
  if (members && published === '') {
    return recreated
  }
  const sql = [
    ...(members ? [`ALTER PUBLICATION ${name} SET ${published}`] : []),
    ...(changed.some((property) => ['publishes', 'viaRoot', 'generatedColumns'].includes(property))
      ? [`ALTER PUBLICATION ${name} SET (${renderPublicationOptions(object)})`]
      : []),
    ...(changed.includes('owner') ? [`ALTER PUBLICATION ${name} OWNER TO ${quoteIdentifier(object.owner)}`] : []),
    ...(changed.includes('comment') ? [renderCommentChange(`PUBLICATION ${name}`, object.comment)] : []),
  ]
  return { ...unchanged, sql }
}

function alterIndex(before: EntryOf<'index'>, after: EntryOf<'index'>): Alteration {
  const { object, relation } = before
  const changed = changedProperties(object, after.object)
  const name = nameOf({ schema: relation.schema, name: object.name })
  const table = nameOf(relation)
  const alterable = [
    'comment',
    'options',
    'clustered',
    'statisticsTargets',
    'tablespace',
    'valid',
    'attachedTo',
    'definition',
  ]
  if (!areOnly(changed, alterable) || (changed.includes('definition') && !changed.includes('options'))) {
    return recreated
  }
  const sql = changed.includes('options')
    ? renderOptionChanges(`ALTER INDEX ${name}`, object.options, after.object.options)
    : []
  if (changed.includes('statisticsTargets')) {
    object.statisticsTargets.forEach((target, position) => {
      if (target !== after.object.statisticsTargets[position]) {
        sql.push(`ALTER INDEX ${name} ALTER COLUMN ${position + 1} SET STATISTICS ${target ?? -1}`)
      }
    })
  }
  if (changed.includes('clustered')) {
    sql.push(
      object.clustered
        ? `ALTER TABLE ${table} CLUSTER ON ${quoteIdentifier(object.name)}`
        : `ALTER TABLE ${table} SET WITHOUT CLUSTER`,
    )
  }
  if (changed.includes('comment')) {
    sql.push(renderCommentChange(`INDEX ${name}`, object.comment))
  }
  const cannot = changed.includes('tablespace') ? [`the index ${name} cannot be taken back to its tablespace`] : []
  return { ...unchanged, sql, cannot }
}

function alterSwitched(before: EntryOf<'trigger' | 'rule'>, after: EntryOf<'trigger' | 'rule'>): Alteration {
  const changed = changedProperties(before.object, after.object)
  if (!areOnly(changed, ['enabled', 'comment', 'inherited'])) {
    return recreated
  }
  const word = before.family === 'trigger' ? 'TRIGGER' : 'RULE'
  const target = `${word} ${quoteIdentifier(before.object.name)} ON ${nameOf(before.relation)}`
  return {
    ...unchanged,
    sql: [
      ...(changed.includes('enabled') ? [renderEnabled(before.relation, word, before.object)] : []),
      ...(changed.includes('comment') ? [renderCommentChange(target, before.object.comment)] : []),
    ],
  }
}

function alterConstraint(before: EntryOf<'constraint'>, after: EntryOf<'constraint'>): Alteration {
  const changed = changedProperties(before.object, after.object)
  // What is inherited follows the parent, which is taken back itself.
  if (!areOnly(changed, ['comment', 'isLocal', 'inheritedCount'])) {
    return recreated
  }
  const target = `CONSTRAINT ${quoteIdentifier(before.object.name)} ON ${nameOf(before.relation)}`
  return {
    ...unchanged,
    sql: changed.includes('comment') ? [renderCommentChange(target, before.object.comment)] : [],
  }
}

function alterStatistics(before: EntryOf<'statistics'>, after: EntryOf<'statistics'>): Alteration {
  const { object } = before
  const name = nameOf(object)
  const changed = changedProperties(object, after.object)
  if (!areOnly(changed, ['owner', 'target', 'comment'])) {
    return recreated
  }
  return {
    ...unchanged,
    sql: [
      ...(changed.includes('owner') ? [`ALTER STATISTICS ${name} OWNER TO ${quoteIdentifier(object.owner)}`] : []),
      ...(changed.includes('target') ? [`ALTER STATISTICS ${name} SET STATISTICS ${object.target ?? -1}`] : []),
      ...(changed.includes('comment') ? [renderCommentChange(`STATISTICS ${name}`, object.comment)] : []),
    ],
  }
}

function alterCommented(before: Entry, after: Entry): Alteration {
  const changed = changedProperties(before.object, after.object)
  if (!areOnly(changed, ['comment'])) {
    return recreated
  }
  const comment = (before.object as { comment?: string | null }).comment ?? null
  if (before.family === 'policy') {
    const target = `POLICY ${quoteIdentifier(before.object.name)} ON ${nameOf(before.relation)}`
    return { ...unchanged, sql: [renderCommentChange(target, comment)] }
  }
  if (before.family === 'domainConstraint') {
    const target = `CONSTRAINT ${quoteIdentifier(before.object.name)} ON DOMAIN ${nameOf(before.type)}`
    return { ...unchanged, sql: [renderCommentChange(target, comment)] }
  }
  return unchanged
}

function alterOther(before: EntryOf<'other'>, after: EntryOf<'other'>): Alteration {
  const changed = changedProperties(before.object, after.object)
  if (areOnly(changed, ['owner', 'roles'])) {
    return { ...unchanged, sql: before.object.owner }
  }
  return recreated
}
