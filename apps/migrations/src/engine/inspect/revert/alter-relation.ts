import { quoteIdentifier } from '@freehold/postgres'
import type { Relation } from '../catalog.ts'
import { relationWord } from '../object-keys.ts'
import { nameOf } from '../render/common.ts'
import type { RenderContext } from '../render/node.ts'
import {
  type Alteration,
  alterOwned,
  changedProperties,
  recreated,
  renderOptionChanges,
  unchanged,
} from './alteration.ts'

const own = [
  'kind',
  'persistence',
  'tablespace',
  'accessMethod',
  'options',
  'toastOptions',
  'rowSecurity',
  'forceRowSecurity',
  'replicaIdentity',
  'inherits',
  'partition',
  'partitionKey',
  'definition',
  'populated',
  'ofType',
  'foreign',
  'owner',
  'acl',
  'comment',
] as const satisfies (keyof Relation)[]

/** Returns what takes a relation back, but for its columns and all else that has a key of its own. */
export function alterRelation(before: Relation, after: Relation, context: RenderContext): Alteration {
  const changed = changedProperties(pick(before), pick(after))
  if (changed.includes('definition')) {
    return recreated
  }
  const name = nameOf(before)
  const word = relationWord(before.kind).toUpperCase()
  const alter = `ALTER ${word} ${name}`
  const rights = { kind: 'relation', version: context.version, target: `TABLE ${name}` } as const
  const sql = [
    ...alterParents(before, after, changed),
    ...(changed.includes('options') ? renderOptionChanges(alter, before.options, after.options) : []),
    ...(changed.includes('toastOptions')
      ? renderOptionChanges(alter, before.toastOptions, after.toastOptions, 'toast.')
      : []),
    ...(changed.includes('rowSecurity')
      ? [`${alter} ${before.rowSecurity ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`]
      : []),
    ...(changed.includes('forceRowSecurity')
      ? [`${alter} ${before.forceRowSecurity ? '' : 'NO '}FORCE ROW LEVEL SECURITY`]
      : []),
    ...(changed.includes('replicaIdentity') ? [`${alter} REPLICA IDENTITY ${renderReplicaIdentity(before)}`] : []),
    ...(changed.includes('persistence')
      ? [`${alter} SET ${before.persistence === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`]
      : []),
    ...(changed.includes('ofType')
      ? [before.ofType === null ? `${alter} NOT OF` : `${alter} OF ${before.ofType}`]
      : []),
    ...(changed.includes('populated') ? [`REFRESH ${word} ${name}${before.populated ? '' : ' WITH NO DATA'}`] : []),
    ...alterOwned(word, name, before, after, rights),
  ]
  const impossible = changed.filter((property) =>
    ['kind', 'tablespace', 'accessMethod', 'partitionKey', 'foreign'].includes(property),
  )
  const heavy = changed.filter((property) => property === 'persistence' || property === 'populated')
  return {
    ...unchanged,
    sql,
    cannot: impossible.map((property) => `the ${property} of ${word.toLowerCase()} ${name} cannot be taken back`),
    heavy: heavy.map(() => `${word.toLowerCase()} ${name} is written anew`),
  }
}

function pick(relation: Relation): object {
  return Object.fromEntries(own.map((property) => [property, relation[property]]))
}

function alterParents(before: Relation, after: Relation, changed: string[]): string[] {
  const name = nameOf(before)
  const alter = `ALTER ${relationWord(before.kind).toUpperCase()} ${name}`
  const gone = before.inherits.filter((parent) => !after.inherits.includes(parent))
  const added = after.inherits.filter((parent) => !before.inherits.includes(parent))
  return [
    ...added.map((parent) => `${alter} NO INHERIT ${parent}`),
    ...gone.map((parent) => `${alter} INHERIT ${parent}`),
    ...(changed.includes('partition') && after.partition !== null
      ? [`ALTER TABLE ${after.partition.of} DETACH PARTITION ${name}`]
      : []),
    ...(changed.includes('partition') && before.partition !== null
      ? [`ALTER TABLE ${before.partition.of} ATTACH PARTITION ${name} ${before.partition.bound}`]
      : []),
  ]
}

function renderReplicaIdentity(relation: Relation): string {
  const { kind, index } = relation.replicaIdentity
  return kind === 'index' && index !== null ? `USING INDEX ${quoteIdentifier(index)}` : kind.toUpperCase()
}
