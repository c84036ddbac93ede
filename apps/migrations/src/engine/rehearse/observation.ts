import type { ObjectKey } from '../inspect/object-keys.ts'
import type { RelationLock } from '../plan/step.ts'

/** What Postgres did when one unit was run plainly on the shadow. */
export interface Observation {
  /** Strongest lock on each relation that existed before the first unit of the plan. */
  locks: RelationLock[]
  /** Tables that existed before and got a new filenode. */
  rewrites: RelationName[]
  /** Tables that existed before of which an index was rebuilt or built. */
  indexBuilds: RelationName[]
  /** Tables that existed before and were read in full. */
  scans: RelationName[]
  /** Rows that a data statement touched. */
  rowsTouched: number | null
  createdConstraints: CreatedConstraint[]
  createdIndexes: CreatedIndex[]
  /** Relations that the unit made: tables, views, sequences. */
  createdRelations: RelationName[]
  /** DDL that takes the unit back, and what of it reads or writes a table in full; only for units whose undo is not known from their own words. */
  revert: { sql: string[]; cannot: string[]; heavy: string[] } | null
  /** What the unit did to schema and rows; only for units of which the catalogs before and after were compared. */
  changes: SchemaChanges | null
  /** True where the statement ran transactions of its own: locks and scans are then known by rule, and only in part. */
  byRule: boolean
  error: ObservedError | null
}

export interface SchemaChanges {
  created: boolean
  /** What is no longer there. */
  removed: ObjectKey[]
  changedOrRemoved: boolean
  /** Rows were written in tables that existed before the plan. */
  data: boolean
}

export interface ObservedError {
  sqlstate: string
  message: string
  position: number | null
  /** The table that Postgres names as the error's, for errors about rows. */
  relation: RelationName | null
}

/** A relation by its raw, unquoted names. */
export interface RelationName {
  schema: string
  name: string
}

export interface CreatedConstraint {
  schema: string
  table: string
  name: string
  /** pg_constraint.contype. */
  type: string
  /** pg_get_constraintdef under an empty search_path. */
  definition: string
  /** Names of its columns in the order of its key. */
  columns: string[]
  deferrable: boolean
  deferred: boolean
  /** True where it comes with another one: a partition's, or a foreign key's for one partition of the referenced table. */
  inherited: boolean
}

export interface CreatedIndex {
  schema: string
  table: string
  name: string
  /** pg_get_indexdef. */
  definition: string
}
