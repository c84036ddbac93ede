/** What a migration does as a whole: questions that a rule asks about the statements before and behind the one it looks at. */
import type { AlterTableCmd, Constraint, CreateStmt, IndexStmt, Node, RangeVar } from '@pgsql/types'
import { parseSql, SqlSyntaxError } from '../parse/parser.ts'
import { type BlockStep, readBlock } from '../parse/read-block.ts'
import type { Statement } from '../parse/statement.ts'
import { bodyOf } from '../plan/syntax.ts'
import { namesIn } from './apply-statement.ts'

/** A statement, or one that a DO block guards. */
export interface LintUnit {
  statement: Statement
  node: Node
  /** True inside a DO block, where offsets in the tree are not those of the file. */
  isGuarded: boolean
  /** Position among the units of the migration. */
  index: number
}

export interface MigrationOutline {
  migrationId: string
  units: LintUnit[]
  /** The folder's migrations in their order. */
  order: readonly string[]
  /** Units between BEGIN and COMMIT, and those of a file of several statements, which Prisma sends as one. */
  runsInTransaction(unit: { statement: Statement }): boolean
  /** Returns the CREATE INDEX behind the unit that puts an index in the dropped one's place. */
  replacementOf(index: { name: string; table: string | undefined; columns: (string | null)[] }): IndexStmt | undefined
  /** Tells whether a CREATE INDEX takes the place of an index that the migration drops. */
  isReplacement(index: IndexStmt): boolean
  /** Tells whether a partitioned table of that name is made. */
  makesPartitioned(name: string): boolean
  /** Returns the constraint of that name, or over the same columns, that the migration adds to the table. */
  constraintAgain(table: string, name: string, columns: string[]): Constraint | undefined
}

interface AddedConstraint {
  relation: RangeVar | undefined
  /** The table's name without schema. */
  table: string
  constraint: Constraint
  columns: string[]
}

/** Returns the statements of the migration with those that its DO blocks guard, as far as these can be taken apart. */
export function unitsOf(statements: Statement[]): LintUnit[] {
  const found: { statement: Statement; node: Node; isGuarded: boolean }[] = []
  for (const statement of statements) {
    found.push({ statement, node: statement.node, isGuarded: false })
    for (const node of guardedIn(readBlock(statement.node, statement.sql) ?? [])) {
      found.push({ statement, node, isGuarded: true })
    }
  }
  return found.map((unit, index) => ({ ...unit, index }))
}

function guardedIn(steps: BlockStep[]): Node[] {
  return steps.flatMap((step) => {
    switch (step.kind) {
      case 'statement':
        return parsed(step.sql)
      case 'if':
        return step.branches.flatMap((branch) => guardedIn(branch.steps))
      case 'attempt':
        return guardedIn(step.steps)
      default:
        return []
    }
  })
}

function parsed(sql: string): Node[] {
  try {
    return parseSql(sql).map(({ node }) => node)
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      // Postgres itself says so when the block is run.
      return []
    }
    throw error
  }
}

/** Returns the outline of a migration. */
export function outlineOf(migrationId: string, units: LintUnit[], order: readonly string[]): MigrationOutline {
  const indexes = units.flatMap(({ node, index }) => {
    const created = bodyOf<IndexStmt>(node, 'IndexStmt')
    return created === undefined ? [] : [{ created, at: index }]
  })
  const dropped = droppedIndexes(units)
  const added = units.flatMap(({ node }) => addedConstraints(node))
  const own = transactionsOf(units)
  const replaced = new Set<IndexStmt>()
  return {
    migrationId,
    units,
    order,
    runsInTransaction: ({ statement }) => own.inside.has(statement) || (!own.any && own.statements > 1),
    replacementOf({ name, table, columns }) {
      const at = dropped.get(name) ?? 0
      const found = indexes.find(({ created, at: createdAt }) => {
        const first = bodyOf<{ name?: string }>(created.indexParams?.[0], 'IndexElem')?.name
        const isSameStart = created.relation?.relname === table && first !== undefined && first === columns[0]
        return createdAt > at && (created.idxname === name || isSameStart)
      })?.created
      if (found !== undefined) {
        replaced.add(found)
      }
      return found
    },
    makesPartitioned: (name) =>
      units.some(({ node }) => {
        const created = bodyOf<CreateStmt>(node, 'CreateStmt')
        return created?.partspec !== undefined && created.relation?.relname === name
      }),
    isReplacement: (index) => replaced.has(index),
    constraintAgain: (table, name, columns) =>
      added.find(
        (one) =>
          one.table === table &&
          (one.constraint.conname === name || (columns.length > 0 && one.columns.join() === columns.join())),
      )?.constraint,
  }
}

function droppedIndexes(units: LintUnit[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { node, index } of units) {
    const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(node, 'DropStmt')
    for (const object of drop?.removeType === 'OBJECT_INDEX' ? (drop.objects ?? []) : []) {
      found.set(namesIn(object).at(-1) ?? '', index)
    }
  }
  return found
}

/** Returns the constraints that an ALTER TABLE adds. */
export function addedConstraints(node: Node): AddedConstraint[] {
  const alter = bodyOf<{ relation?: RangeVar; cmds?: Node[] }>(node, 'AlterTableStmt')
  return (alter?.cmds ?? []).flatMap((each) => {
    const command = bodyOf<AlterTableCmd>(each, 'AlterTableCmd')
    const constraint = bodyOf<Constraint>(command?.def, 'Constraint')
    if (command?.subtype !== 'AT_AddConstraint' || constraint === undefined) {
      return []
    }
    const columns = (constraint.fk_attrs ?? constraint.keys ?? []).map(
      (column) => bodyOf<{ sval?: string }>(column, 'String')?.sval ?? '',
    )
    return [{ relation: alter?.relation, table: alter?.relation?.relname ?? '', constraint, columns }]
  })
}

/** Follows BEGIN and COMMIT through the file. */
function transactionsOf(units: LintUnit[]): { inside: Set<Statement>; any: boolean; statements: number } {
  const inside = new Set<Statement>()
  let [isOpen, any, statements] = [false, false, 0]
  for (const { statement, node, isGuarded } of units) {
    const kind = bodyOf<{ kind?: string }>(node, 'TransactionStmt')?.kind
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
      ;[isOpen, any] = [true, true]
    } else if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') {
      isOpen = false
    } else if (isOpen) {
      inside.add(statement)
    }
    statements += isGuarded ? 0 : 1
  }
  return { inside, any, statements }
}
