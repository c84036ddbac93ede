import { quoteIdentifier } from '@freehold/postgres'
import type { Column, Constraint, Sequence } from '../catalog.ts'
import { nameOf, renderForeignOptions, renderOptions } from './common.ts'
import { renderSequenceOptions } from './simple.ts'

/** What decides how a column is written. */
export interface ColumnParts {
  /** The sequence of an identity; a partition's column has none of its own from 17 on. */
  identitySequence: Sequence | undefined
  /** The not-null constraint that is written with the column, from 18 on. */
  notNullConstraint: Constraint | undefined
  notNullIsConstraint: boolean
  /** False if the default is set later, for it needs what is made after the table. */
  withDefault: boolean
}

/** Returns a column as CREATE TABLE and ADD COLUMN take it. */
export function renderColumn(column: Column, parts: ColumnParts): string {
  return [
    `${quoteIdentifier(column.name)} ${column.type}`,
    column.compression === null ? '' : ` COMPRESSION ${column.compression}`,
    column.foreignOptions.length === 0 ? '' : ` OPTIONS (${renderForeignOptions(column.foreignOptions)})`,
    column.collation === null ? '' : ` COLLATE ${column.collation}`,
    renderValue(column, parts),
    renderNotNull(column, parts),
  ].join('')
}

function renderValue(column: Column, parts: ColumnParts): string {
  if (column.generated !== null) {
    return ` GENERATED ALWAYS AS (${column.default}) ${column.generated.toUpperCase()}`
  }
  if (column.identity !== null && parts.identitySequence !== undefined) {
    return ` ${renderIdentity(column, parts.identitySequence)}`
  }
  return column.default !== null && parts.withDefault ? ` DEFAULT ${column.default}` : ''
}

function renderIdentity(column: Column, sequence: Sequence): string {
  const when = column.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'
  return `GENERATED ${when} AS IDENTITY (SEQUENCE NAME ${nameOf(sequence)} ${renderSequenceOptions(sequence)})`
}

function renderNotNull(column: Column, parts: ColumnParts): string {
  const constraint = parts.notNullConstraint
  if (constraint !== undefined) {
    return ` CONSTRAINT ${quoteIdentifier(constraint.name)} NOT NULL${constraint.noInherit ? ' NO INHERIT' : ''}`
  }
  // From 18 on each one has a constraint, which may be one that is not valid and comes later.
  return column.notNull && !parts.notNullIsConstraint ? ' NOT NULL' : ''
}

/** Returns the subcommands of ALTER TABLE for what CREATE TABLE cannot say of a column on every version. */
export function renderColumnSettings(column: Column): string[] {
  const alter = `ALTER COLUMN ${quoteIdentifier(column.name)}`
  return [
    ...(column.storage === column.typeStorage ? [] : [`${alter} SET STORAGE ${column.storage}`]),
    ...(column.statisticsTarget === null ? [] : [`${alter} SET STATISTICS ${column.statisticsTarget}`]),
    ...(column.options.length === 0 ? [] : [`${alter} SET (${renderOptions(column.options)})`]),
  ]
}
