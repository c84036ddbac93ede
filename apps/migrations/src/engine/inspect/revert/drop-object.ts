import { quoteIdentifier } from '@freehold/postgres'
import { relationWord } from '../object-keys.ts'
import { nameOf } from '../render/common.ts'
import { routineWord, signatureOf } from '../render/simple.ts'
import type { Entry } from './entries.ts'

/** Returns the statement that drops the object. */
export function renderDrop(entry: Entry): string {
  switch (entry.family) {
    case 'schema':
      return `DROP SCHEMA ${quoteIdentifier(entry.object.name)}`
    case 'extension':
      return `DROP EXTENSION ${quoteIdentifier(entry.object.name)}`
    case 'type':
      return `DROP ${entry.object.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${nameOf(entry.object)}`
    case 'domainConstraint':
      return `ALTER DOMAIN ${nameOf(entry.type)} DROP CONSTRAINT ${quoteIdentifier(entry.object.name)}`
    case 'sequence':
      return `DROP SEQUENCE ${nameOf(entry.object)}`
    case 'routine':
      return `DROP ${routineWord(entry.object)} ${signatureOf(entry.object)}`
    case 'publication':
      return `DROP PUBLICATION ${quoteIdentifier(entry.object.name)}`
    case 'other':
      return entry.object.drop
    case 'relation':
      return `DROP ${relationWord(entry.object.kind).toUpperCase()} ${nameOf(entry.object)}`
    case 'statistics':
      return `DROP STATISTICS ${nameOf(entry.object)}`
    default:
      return renderDropPart(entry)
  }
}

function renderDropPart(
  entry: Exclude<
    Entry,
    {
      family:
        | 'schema'
        | 'extension'
        | 'type'
        | 'domainConstraint'
        | 'sequence'
        | 'routine'
        | 'publication'
        | 'other'
        | 'relation'
        | 'statistics'
    }
  >,
): string {
  const table = nameOf(entry.relation)
  const alter = `ALTER ${relationWord(entry.relation.kind).toUpperCase()} ${table}`
  const name = quoteIdentifier(entry.object.name)
  switch (entry.family) {
    case 'column':
      return `${alter} DROP COLUMN ${name}`
    case 'default':
      return `${alter} ALTER COLUMN ${name} DROP DEFAULT`
    case 'constraint':
      return `${alter} DROP CONSTRAINT ${name}`
    case 'index':
      return `DROP INDEX ${nameOf({ schema: entry.relation.schema, name: entry.object.name })}`
    case 'trigger':
      return `DROP TRIGGER ${name} ON ${table}`
    case 'policy':
      return `DROP POLICY ${name} ON ${table}`
    case 'rule':
      return `DROP RULE ${name} ON ${table}`
  }
}
