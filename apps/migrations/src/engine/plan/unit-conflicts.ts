/**
 * Tells which units must keep their order. Coarse on purpose: a conflict that is none only holds a unit back, and one
 * that is missed is found by the proof.
 */
import type { Node } from '@pgsql/types'
import type { PlanningUnit } from './draft.ts'
import { isDataStatement, isOpaque } from './statement-kinds.ts'
import type { Phase } from './step.ts'
import { alterCommand, bodyOf, kindOf, nameParts, rangeVarsOf, wordsOf } from './syntax.ts'
import { withoutCommon, wordsWithin } from './words-within.ts'

/** What a unit names, for the comparison with others. */
export interface UnitNames {
  /** Names of tables without their schema. */
  tables: Set<string>
  /** Names of what the unit makes, changes or removes: columns, constraints, indexes, types, functions. */
  changes: Set<string>
  /** True if `changes` are names within the table, so that they mean nothing elsewhere. */
  scoped: boolean
  /** True if the table as a whole is removed or renamed. */
  wholeTable: boolean
  /** Every identifier and constant. */
  words: Set<string>
  isData: boolean
  isInsert: boolean
  isOpaque: boolean
  /** True for a function, whose body may name columns of tables that it does not name. */
  isRoutine: boolean
  /** True for what only tightens a table and is true of its rows already. */
  onlyTightens: boolean
}

/** Returns what the unit names. */
export function namesOf(node: Node): UnitNames {
  const words = wordsWithin(node)
  const tables = new Set(rangeVarsOf(node).map((table) => table.relname ?? ''))
  const changes = changedNames(node, words)
  const wholeTable = isWholeTable(node)
  if (wholeTable) {
    for (const name of changes) {
      tables.add(name)
    }
  }
  const command = alterCommand(node)?.command
  return {
    tables,
    changes,
    scoped: alterCommand(node) !== undefined || isPartRename(node),
    wholeTable,
    words,
    isData: isDataStatement(node),
    isInsert: kindOf(node) === 'InsertStmt',
    isOpaque: isOpaque(node),
    isRoutine: kindOf(node) === 'CreateFunctionStmt',
    onlyTightens:
      command?.subtype === 'AT_SetNotNull' ||
      command?.subtype === 'AT_AddConstraint' ||
      (command?.subtype === 'AT_ColumnDefault' && command.def === undefined),
  }
}

/** Tells whether `later` has to come after `earlier`, given the phase that `earlier` was put into. */
export function mustFollow(later: UnitNames, earlier: UnitNames, earlierPhase: Phase): boolean {
  if (earlier.isOpaque || later.isOpaque) {
    return sharesTable(later, earlier) || intersects(withoutCommon(earlier.words), later.words)
  }
  if (earlier.isData) {
    return sharesTable(later, earlier)
  }
  if (earlierPhase === 'backfill' && sharesTable(later, earlier)) {
    return true
  }
  if (earlier.wholeTable && intersects(earlier.changes, later.words)) {
    return true
  }
  if (later.isRoutine) {
    return !earlier.onlyTightens && intersects(earlier.changes, later.words)
  }
  if (earlier.onlyTightens && later.isData) {
    // Rows are as the later statement leaves them when the rule comes; but a default that is still there fills a new row.
    return later.isInsert && sharesTable(later, earlier) && earlier.changes.size > 0
  }
  return (!earlier.scoped || sharesTable(later, earlier)) && intersects(earlier.changes, later.words)
}

/** Tells whether a later unit of the contract phase has to come after this one. */
export function isFollowed(
  unit: PlanningUnit,
  units: PlanningUnit[],
  matters = (_later: PlanningUnit) => true,
): boolean {
  const names = namesOf(unit.unit.node)
  return units.some(
    (later) =>
      later.order > unit.order &&
      later.phase === 'contract' &&
      matters(later) &&
      mustFollow(namesOf(later.unit.node), names, 'contract'),
  )
}

/** Tells whether the statement drops a column of a table. */
export function dropsColumn(node: Node): boolean {
  return alterCommand(node)?.command.subtype === 'AT_DropColumn'
}

function sharesTable(a: UnitNames, b: UnitNames): boolean {
  return intersects(a.tables, b.words) || intersects(b.tables, a.words)
}

function intersects(a: Set<string>, b: Set<string>): boolean {
  for (const item of a) {
    if (b.has(item)) {
      return true
    }
  }
  return false
}

function isWholeTable(node: Node): boolean {
  const drop = bodyOf<{ removeType?: string }>(node, 'DropStmt')?.removeType
  const rename = bodyOf<{ renameType?: string }>(node, 'RenameStmt')?.renameType
  return (
    drop === 'OBJECT_TABLE' ||
    drop === 'OBJECT_VIEW' ||
    drop === 'OBJECT_MATVIEW' ||
    rename === 'OBJECT_TABLE' ||
    rename === 'OBJECT_VIEW' ||
    kindOf(node) === 'AlterObjectSchemaStmt'
  )
}

function isPartRename(node: Node): boolean {
  const rename = bodyOf<{ renameType?: string }>(node, 'RenameStmt')?.renameType
  return rename === 'OBJECT_COLUMN' || rename === 'OBJECT_TABCONSTRAINT'
}

interface Renamed {
  renameType?: string
  relation?: { relname?: string }
  subname?: string
  newname?: string
  object?: Node
}

function changedNames(node: Node, words: Set<string>): Set<string> {
  const alter = alterCommand(node)
  if (alter !== undefined) {
    const { command } = alter
    const column = bodyOf<{ colname?: string }>(command.def, 'ColumnDef')?.colname
    const constraint = bodyOf<{ conname?: string; keys?: Node[] }>(command.def, 'Constraint')
    // A foreign key needs the key that it refers to.
    return named([command.name, column, constraint?.conname, ...nameParts(constraint?.keys)])
  }
  const rename = bodyOf<Renamed>(node, 'RenameStmt')
  if (rename !== undefined) {
    const renamed =
      rename.subname ??
      rename.relation?.relname ??
      nameParts(bodyOf<{ items?: Node[] }>(rename.object, 'List')?.items).at(-1)
    return named([renamed, rename.newname])
  }
  const drop = bodyOf<{ objects?: Node[] }>(node, 'DropStmt')
  if (drop !== undefined) {
    return named((drop.objects ?? []).map((object) => lastWord(object)))
  }
  if (isDataStatement(node)) {
    return new Set()
  }
  // What the body of a function names, the function does not change.
  return withoutCommon(kindOf(node) === 'CreateFunctionStmt' ? wordsOf(node) : words)
}

function lastWord(object: Node): string | undefined {
  const list = bodyOf<{ items?: Node[] }>(object, 'List')?.items
  if (list !== undefined) {
    return nameParts(list).at(-1)
  }
  return [...wordsOf(object)].filter((word) => word !== 'pg_catalog').at(0)
}

function named(names: (string | undefined)[]): Set<string> {
  return new Set(names.filter((name): name is string => name !== undefined && name !== ''))
}
