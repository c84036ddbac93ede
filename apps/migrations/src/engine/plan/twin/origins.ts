/** Where the values of a twin's columns come from, read off the statements that the twin is made for. */
import type { AlterTableCmd, ColumnDef, Node } from '@pgsql/types'
import type { Catalog, Relation } from '../../inspect/catalog.ts'
import { DeparseError, deparse } from '../../parse/deparse.ts'
import { parseSql } from '../../parse/parser.ts'
import { volatileFunctions } from '../../prove/volatile-functions.ts'
import { fixNow } from '../data/fixed-now.ts'
import { bodyOf, columnNamesOf } from '../syntax.ts'
import { TwinRefusal } from './twin-refusal.ts'

/** The run's fixed value of now(), which the runner sets for each transaction. */
export const nowSetting = 'freehold.now'
const fixedNow = `pg_catalog.current_setting('${nowSetting}')::pg_catalog.timestamptz`

export type Origin =
  /** The column of the same name, converted as an assignment does where the type is another. */
  | { from: 'column' }
  /** An expression on the old row. */
  | {
      from: 'expression'
      sql: string
      /** Columns that it reads. */
      reads: Set<string>
      isVolatile: boolean
      /** True where it stands for the old column's value, false where the column is new. */
      converts: boolean
    }
  /** What the twin itself gives a row that does not name the column. */
  | { from: 'default' }

/** Returns the origin of each column by name. Throws a TwinRefusal for what cannot be done in one copy. */
export function originsOf(statements: string[], before: Relation, catalog: Catalog): Map<string, Origin> {
  const origins = new Map<string, Origin>(before.columns.map(({ name }) => [name, { from: 'column' }]))
  const functions = volatileFunctions(catalog)
  const toExpression = (node: Node, converts: boolean): Origin => {
    const isVolatile = functions.calledIn(node)
    return { from: 'expression', sql: sqlOf(fixNow(node, fixedNow)), reads: columnNamesOf(node), isVolatile, converts }
  }
  for (const statement of statements) {
    // Every expression of a statement reads the row as the statement found it.
    const found = new Map(origins)
    for (const command of commandsOf(statement)) {
      const name = command.name ?? ''
      const column = bodyOf<ColumnDef>(command.def, 'ColumnDef')
      if (command.subtype === 'AT_AlterColumnType' && column?.raw_default !== undefined) {
        const origin = toExpression(column.raw_default, true)
        assertReadsOldRow(origin, found, before)
        origins.set(name, origin)
      } else if (command.subtype === 'AT_AlterColumnType' && origins.get(name)?.from === 'expression') {
        throw new TwinRefusal(`the type of ${name} is changed twice: write one change`)
      } else if (command.subtype === 'AT_AddColumn' && column?.colname !== undefined && !origins.has(column.colname)) {
        const value = fillOf(column)
        origins.set(column.colname, value === undefined ? { from: 'default' } : toExpression(value, false))
      } else if (command.subtype === 'AT_DropColumn') {
        origins.delete(name)
      }
    }
  }
  return origins
}

function commandsOf(statement: string): AlterTableCmd[] {
  return parseSql(statement).flatMap(({ node }) =>
    (bodyOf<{ cmds?: Node[] }>(node, 'AlterTableStmt')?.cmds ?? []).flatMap(
      (command) => bodyOf<AlterTableCmd>(command, 'AlterTableCmd') ?? [],
    ),
  )
}

/** Of what gives a column its value only DEFAULT is an expression; a later SET DEFAULT says nothing of the rows there are. */
function fillOf(column: ColumnDef): Node | undefined {
  for (const node of column.constraints ?? []) {
    const constraint = bodyOf<{ contype?: string; raw_expr?: Node }>(node, 'Constraint')
    if (constraint?.contype === 'CONSTR_DEFAULT') {
      return constraint.raw_expr
    }
  }
  return undefined
}

function assertReadsOldRow(origin: Origin, origins: Map<string, Origin>, before: Relation): void {
  if (origin.from !== 'expression') {
    return
  }
  const reads = origin.reads.has('*') ? before.columns.map(({ name }) => name) : [...origin.reads]
  const changed = reads.find((name) => origins.get(name)?.from !== 'column' && origins.has(name))
  if (changed !== undefined) {
    throw new TwinRefusal(`an expression reads ${changed}, which an earlier statement on the table has changed`)
  }
}

function sqlOf(value: Node): string {
  const node = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: value } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  } as unknown as Node
  try {
    return deparse(node)
      .replace(/^SELECT\s+/, '')
      .trim()
  } catch (error) {
    if (error instanceof DeparseError) {
      throw new TwinRefusal('an expression of the statement cannot be written back as SQL')
    }
    throw error
  }
}
