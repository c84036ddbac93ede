/**
 * Cuts an ALTER TABLE with several commands into one statement a command, so that each goes to the mechanism that fits
 * it. What the parts do one after the other is what the whole does; where that is in doubt the statement stays whole.
 */
import type { AlterTableCmd, AlterTableStmt, Constraint, Node } from '@pgsql/types'
import { bodyOf, columnNamesOf } from '../plan/syntax.ts'
import { DeparseError, deparse } from './deparse.ts'
import type { Statement, Unit } from './statement.ts'

/** Returns the parts of the statement in the order in which they are to run. */
export function splitStatement(statement: Statement): Unit[] {
  const alter = bodyOf<AlterTableStmt>(statement.node, 'AlterTableStmt')
  const commands = (alter?.cmds ?? []).map((node) => ({ node, command: bodyOf<AlterTableCmd>(node, 'AlterTableCmd') }))
  const isTable = alter?.objtype === 'OBJECT_TABLE' || alter?.objtype === 'OBJECT_FOREIGN_TABLE'
  if (alter === undefined || !isTable || commands.length < 2 || seesOldRow(commands.map(({ command }) => command))) {
    return [wholeOf(statement)]
  }
  const ordered = commands
    .map(({ node, command }) => ({ node, pass: command === undefined ? passes.misc : passOf(command) }))
    .sort((one, other) => one.pass - other.pass)
  const units: Unit[] = []
  for (const [part, { node: command }] of ordered.entries()) {
    const node: Node = { AlterTableStmt: { ...alter, cmds: [command] } }
    const sql = tryDeparse(node)
    if (sql === undefined) {
      return [wholeOf(statement)]
    }
    units.push({ part, parts: commands.length, sql, node, wholeStatement: false })
  }
  return units
}

function wholeOf({ sql, node }: Statement): Unit {
  return { part: 0, parts: 1, sql, node, wholeStatement: true }
}

function tryDeparse(node: Node): string | undefined {
  try {
    return deparse(node)
  } catch (error) {
    if (error instanceof DeparseError) {
      return undefined
    }
    throw error
  }
}

// ALTER TABLE does not run its commands as written but in passes (AT_PASS_… in tablecmds.c), each in written order.
const passes = {
  drop: 0,
  alterType: 1,
  addColumn: 2,
  setExpression: 3,
  columnAttributes: 4,
  addIndex: 5,
  addOther: 6,
  misc: 7,
} as const

function passOf(command: AlterTableCmd): number {
  switch (command.subtype) {
    case 'AT_DropColumn':
    case 'AT_DropConstraint':
    case 'AT_DropNotNull':
    case 'AT_DropIdentity':
    case 'AT_DropExpression':
    case 'AT_DropOids':
      return passes.drop
    case 'AT_ColumnDefault':
      return command.def === undefined ? passes.drop : passes.addOther
    case 'AT_AlterColumnType':
      return passes.alterType
    case 'AT_AddColumn':
      return passes.addColumn
    case 'AT_SetExpression':
      return passes.setExpression
    case 'AT_SetNotNull':
      return passes.columnAttributes
    case 'AT_AddConstraint':
      return passOfConstraint(bodyOf<Constraint>(command.def, 'Constraint'))
    case 'AT_AddIdentity':
      return passes.addOther
    default:
      return passes.misc
  }
}

function passOfConstraint(constraint: Constraint | undefined): number {
  switch (constraint?.contype) {
    case 'CONSTR_NOTNULL':
      return passes.columnAttributes
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      return passes.addIndex
    default:
      return passes.addOther
  }
}

/**
 * Tells whether a USING expression reads a column that another command of the statement converts: the whole computes
 * every expression from the old row, the parts one after the other would not.
 */
function seesOldRow(commands: (AlterTableCmd | undefined)[]): boolean {
  const conversions = commands.filter((command) => command?.subtype === 'AT_AlterColumnType')
  return conversions.some((command) => {
    const read = columnNamesOf(bodyOf<{ raw_default?: Node }>(command?.def, 'ColumnDef')?.raw_default)
    return conversions.some((other) => other !== command && other?.name !== undefined && read.has(other.name))
  })
}
