/**
 * What the pending statements ask of the rows that they meet: conditions that they put on them, types that they cast
 * them to, and constraints that they add. Rows that a constraint would refuse prove nothing but its refusal.
 */
import type { AlterTableCmd, Constraint, IndexStmt, Node, TypeName } from '@pgsql/types'
import { DeparseError, deparse } from '../../parse/deparse.ts'
import type { Statement } from '../../parse/statement.ts'
import { isDataStatement } from '../../plan/statement-kinds.ts'
import { bodyOf, columnNamesOf, eachNode, nameParts, rangeVarsOf, wordsOf } from '../../plan/syntax.ts'
import { printedType } from './printed-type.ts'
import { type Scenario, scenariosIn } from './scenarios.ts'

/** A column will be read as this: a type as format_type() prints it, or an enum's labels. */
export type CastTarget = { type: string } | { labels: string[] }

export interface PendingForeignKey {
  columns: string[]
  references: { schema: string | undefined; table: string; columns: string[] }
}

/** Of one table, under the name that it has before the statements. */
export interface TableHints {
  /** Rows that conditions ask for, the most telling ones of each statement first. */
  scenarios: Scenario[]
  casts: Map<string, CastTarget[]>
  /** Columns that are unpacked as JSON arrays. */
  jsonArrays: Set<string>
  notNull: Set<string>
  unique: string[][]
  checks: { columns: string[]; expression: string }[]
  foreignKeys: PendingForeignKey[]
}

/** Returns the hints by table name; what is named after a rename is found under the old name. */
export function pendingHints(statements: Statement[]): Map<string, TableHints> {
  const collector = new Collector(statements)
  for (const statement of statements) {
    collector.collect(statement)
  }
  collector.rankScenarios()
  return collector.byTable
}

export function noHints(): TableHints {
  return {
    scenarios: [],
    casts: new Map(),
    jsonArrays: new Set(),
    notNull: new Set(),
    unique: [],
    checks: [],
    foreignKeys: [],
  }
}

class Collector {
  readonly byTable = new Map<string, TableHints>()
  /** Scenarios by table, a list each statement. */
  private readonly ranked = new Map<string, Scenario[][]>()
  private readonly labels = new Map<string, string[]>()
  private readonly oldTables = new Map<string, string>()
  private readonly oldColumns = new Map<string, string>()
  /** Words of the data statements so far, by table: what they mend is not mended beforehand. */
  private readonly mended = new Map<string, Set<string>>()

  constructor(statements: Statement[]) {
    for (const { node } of statements) {
      const created = bodyOf<{ typeName?: Node[]; vals?: Node[] }>(node, 'CreateEnumStmt')
      if (created !== undefined) {
        this.labels.set(nameParts(created.typeName).at(-1) ?? '', nameParts(created.vals))
      }
    }
  }

  collect({ node }: Statement): void {
    const tables = [...new Set(rangeVarsOf(node).map((name) => this.oldTable(name.relname ?? '')))]
    this.collectExpressions(node, tables)
    if (isDataStatement(node)) {
      const words = wordsOf(node)
      for (const table of tables) {
        this.mended.set(table, new Set([...(this.mended.get(table) ?? []), ...words]))
      }
    }
    const alter = bodyOf<{ relation?: { relname?: string }; cmds?: Node[] }>(node, 'AlterTableStmt')
    if (alter?.relation?.relname !== undefined) {
      const table = this.oldTable(alter.relation.relname)
      eachNode<AlterTableCmd>(alter.cmds, 'AlterTableCmd', (command) => this.collectCommand(table, command))
    }
    const index = bodyOf<IndexStmt>(node, 'IndexStmt')
    if (index?.unique === true && index.relation?.relname !== undefined) {
      const table = this.oldTable(index.relation.relname)
      this.addUnique(
        table,
        [...columnsOfIndex(index)].map((column) => this.oldColumn(table, column)),
      )
    }
    this.collectRename(node)
  }

  private hints(table: string): TableHints {
    const found = this.byTable.get(table) ?? noHints()
    this.byTable.set(table, found)
    return found
  }

  private oldTable(name: string): string {
    return this.oldTables.get(name) ?? name
  }

  private oldColumn(table: string, name: string): string {
    return this.oldColumns.get(`${table}\0${name}`) ?? name
  }

  private isMended(table: string, columns: string[]): boolean {
    const words = this.mended.get(table)
    return words !== undefined && columns.some((column) => words.has(column))
  }

  private collectExpressions(node: Node, tables: string[]): void {
    for (const table of tables) {
      const hints = this.hints(table)
      const scenarios = scenariosIn(node).map((scenario) => this.withOldNames(table, scenario))
      this.ranked.set(table, [...(this.ranked.get(table) ?? []), scenarios])
      eachNode<{ arg?: Node; typeName?: TypeName }>(node, 'TypeCast', ({ arg, typeName }) => {
        const column = castColumn(arg)
        if (column !== undefined && typeName !== undefined) {
          this.addCast(table, column, typeName)
        }
      })
      eachNode<{ funcname?: Node[]; args?: Node[] }>(node, 'FuncCall', (call) => {
        if (/^jsonb?_array_/.test(nameParts(call.funcname).at(-1) ?? '')) {
          for (const column of columnNamesOf(call.args)) {
            hints.jsonArrays.add(this.oldColumn(table, column))
          }
        }
      })
    }
  }

  private withOldNames(table: string, scenario: Scenario): Scenario {
    return Object.fromEntries(Object.entries(scenario).map(([column, value]) => [this.oldColumn(table, column), value]))
  }

  /** Takes the first scenario of every statement, then the second ones: rows are few. */
  rankScenarios(): void {
    for (const [table, lists] of this.ranked) {
      const longest = Math.max(...lists.map((list) => list.length))
      const ranked = Array.from({ length: longest }, (_, at) => lists.map((list) => list[at])).flat()
      this.hints(table).scenarios = ranked.filter((scenario) => scenario !== undefined)
    }
  }

  private addCast(table: string, column: string, typeName: TypeName): void {
    const name = this.oldColumn(table, column)
    const labels = this.labels.get(nameParts(typeName.names).at(-1) ?? '')
    const target: CastTarget = labels === undefined ? { type: printedType(typeName) } : { labels }
    const hints = this.hints(table)
    hints.casts.set(name, [...(hints.casts.get(name) ?? []), target])
  }

  private addUnique(table: string, columns: string[]): void {
    if (columns.length > 0 && !this.isMended(table, columns)) {
      this.hints(table).unique.push(columns)
    }
  }

  private collectCommand(table: string, command: AlterTableCmd): void {
    const column = this.oldColumn(table, command.name ?? '')
    const definition = bodyOf<{ typeName?: TypeName }>(command.def, 'ColumnDef')
    if (command.subtype === 'AT_AlterColumnType' && definition?.typeName !== undefined) {
      this.addCast(table, column, definition.typeName)
    } else if (command.subtype === 'AT_SetNotNull' && !this.isMended(table, [column])) {
      this.hints(table).notNull.add(column)
    } else if (command.subtype === 'AT_AddConstraint') {
      const constraint = bodyOf<Constraint>(command.def, 'Constraint')
      if (constraint !== undefined) {
        this.collectConstraint(table, constraint)
      }
    }
  }

  private collectConstraint(table: string, constraint: Constraint): void {
    const old = (nodes: Node[] | undefined): string[] => nameParts(nodes).map((name) => this.oldColumn(table, name))
    const hints = this.hints(table)
    if (constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY') {
      this.addUnique(table, old(constraint.keys))
      if (constraint.contype === 'CONSTR_PRIMARY') {
        for (const column of old(constraint.keys)) {
          hints.notNull.add(column)
        }
      }
    } else if (constraint.contype === 'CONSTR_FOREIGN' && constraint.pktable?.relname !== undefined) {
      const columns = old(constraint.fk_attrs)
      const parent = this.oldTable(constraint.pktable.relname)
      if (!this.isMended(table, columns)) {
        const parentColumns = nameParts(constraint.pk_attrs).map((name) => this.oldColumn(parent, name))
        hints.foreignKeys.push({
          columns,
          references: { schema: constraint.pktable.schemaname, table: parent, columns: parentColumns },
        })
      }
    } else if (constraint.contype === 'CONSTR_CHECK' && constraint.raw_expr !== undefined) {
      const columns = [...columnNamesOf(constraint.raw_expr)]
      const isRenamed = columns.some((column) => this.oldColumn(table, column) !== column)
      const expression = expressionText(constraint.raw_expr)
      if (expression !== undefined && !isRenamed && !this.isMended(table, columns)) {
        hints.checks.push({ columns, expression })
      }
    }
  }

  private collectRename(node: Node): void {
    const rename = bodyOf<{ renameType?: string; relation?: { relname?: string }; subname?: string; newname?: string }>(
      node,
      'RenameStmt',
    )
    const table = this.oldTable(rename?.relation?.relname ?? '')
    if (rename?.renameType === 'OBJECT_TABLE') {
      this.oldTables.set(rename.newname ?? '', table)
    } else if (rename?.renameType === 'OBJECT_COLUMN') {
      this.oldColumns.set(`${table}\0${rename.newname}`, this.oldColumn(table, rename.subname ?? ''))
    }
  }
}

/** The column below a cast, through further casts. */
function castColumn(node: Node | undefined): string | undefined {
  const inner = bodyOf<{ arg?: Node }>(node, 'TypeCast')
  if (inner !== undefined) {
    return castColumn(inner.arg)
  }
  const reference = bodyOf<{ fields?: Node[] }>(node, 'ColumnRef')
  return reference === undefined ? undefined : nameParts(reference.fields).at(-1)
}

/** Returns the columns of an index, those within its expressions too. */
export function columnsOfIndex(index: IndexStmt): Set<string> {
  const columns = new Set<string>()
  for (const node of index.indexParams ?? []) {
    const element = bodyOf<{ name?: string; expr?: Node }>(node, 'IndexElem')
    if (element?.name !== undefined) {
      columns.add(element.name)
    }
    for (const column of columnNamesOf(element?.expr)) {
      columns.add(column)
    }
  }
  return columns
}

/** Returns the SQL of an expression; undefined where the deparser does not give it back as it is. */
export function expressionText(expression: Node): string | undefined {
  const select: Node = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  }
  try {
    return deparse(select).replace(/^\s*SELECT\s+/i, '')
  } catch (error) {
    if (error instanceof DeparseError) {
      return undefined
    }
    throw error
  }
}
