import type { Catalog, Relation, RelationSize } from '../inspect/catalog.ts'
import type { Statement, Unit } from '../parse/statement.ts'
import type { Observation, RelationName } from '../rehearse/observation.ts'
import type { Action, MechanismName, Phase } from './step.ts'

/** A unit of the pending migrations on its way into the plan. */
export interface PlanningUnit {
  /** Position among all units of the plan, as written. */
  order: number
  statement: Statement
  unit: Unit
  observation: Observation
  /** The earliest phase that what stands before it allows. */
  floor: Phase
  /** The phase it is carried out in: the later one of `floor` and what its own kind allows. */
  phase: Phase
  /** What earlier SET statements of its file put in force. */
  settings: Record<string, string>
}

/** What a mechanism may ask while it plans; nothing in it changes. */
export interface PlanContext {
  catalog: Catalog
  /** The schema that the plain run ends in. */
  after: Catalog
  /** Schema of the database URL, where unqualified names are made. */
  schema: string
  serverMajor: number
  briefTableBytes: number
  /** False where renames keep their place in the order, so that no bridge stands in the window. */
  bridged: boolean
  /** False where a dropped column goes where it was written to go, whatever follows. */
  hidesColumns: boolean
  units: PlanningUnit[]
  findRelation(name: RelationName): Relation | undefined
  /** Tells whether the relation is made by the plan itself, so that nobody can wait for it. */
  isNew(name: RelationName): boolean
  sizeOf(name: RelationName): RelationSize | undefined
  resolve(name: { schemaname?: string | undefined; relname?: string | undefined }): RelationName
}

/** A step before it has its number and its estimate. */
export interface Draft {
  phase: Phase
  mechanism: MechanismName
  reason: string
  do: Action
  undo: Action
  /**
   * `inOrder`: as its unit stands. `check`: before all other steps of the phase. A bridge stands between the phases:
   * `open` after all other steps of expand and backfill, `close` before all others of contract. `remove`: behind what
   * may still fail, as far as names allow, so that a contract phase that fails has destroyed nothing.
   */
  place: 'inOrder' | 'check' | 'open' | 'close' | 'remove'
  /** The table whose size gives the estimate. */
  table?: RelationName
  /** What it costs: a catalog change, a read of the table, an index build, or a copy of rows. */
  cost: 'catalog' | 'scan' | 'index' | 'copy'
  /** How long its strongest lock is held, where that is known to be long. */
  holdMs?: number
  /** Further statements of the same migration that it carries out, by index. */
  carries?: number[]
}

/** A statement that is not run, and why. */
export interface DraftRefusal {
  why: 'twin' | 'rule' | 'plain'
  reason: string
  sqlstate?: string
  table?: RelationName
}

/** How one family of statements is carried out. All mechanisms and bridges are of this shape. */
export interface Mechanism {
  name: MechanismName
  applies(unit: PlanningUnit, context: PlanContext): boolean
  steps(unit: PlanningUnit, context: PlanContext): Draft[] | DraftRefusal
}

/** Tells a refusal from steps. */
export function isRefusal(result: Draft[] | DraftRefusal): result is DraftRefusal {
  return !Array.isArray(result)
}
