/**
 * Finds the columns whose values differ between two runs of the same statements, since they come from random numbers,
 * sequences or the clock. Coarse on purpose: of a column found here only nullness and the number of values are compared.
 */
import type { Node, ResTarget } from '@pgsql/types'
import type { Catalog, Relation } from '../inspect/catalog.ts'
import type { Statement } from '../parse/statement.ts'
import { isOpaque } from '../plan/statement-kinds.ts'
import { bodyOf, columnNamesOf, eachNode, kindOf, nameParts, rangeVarsOf } from '../plan/syntax.ts'
import { type VolatileFunctions, volatileFunctions, wordsOfText } from './volatile-functions.ts'

/** Columns by table; a table goes by its name alone where a statement does not say the schema. */
export interface VolatileColumns {
  has(table: { schema: string; name: string }, column: string): boolean
}

export const noVolatileColumns: VolatileColumns = { has: () => false }

/** Returns the columns of the tables in the catalog, which is the one after the statements. */
export function findVolatileColumns(statements: Statement[], catalog: Catalog): VolatileColumns {
  const search = new Search(catalog)
  // A value may be copied on by a statement that stands before one that marks its column, by way of an earlier row.
  for (let marked = -1; marked !== search.marked.size; ) {
    marked = search.marked.size
    for (const statement of statements) {
      search.follow(statement.node)
    }
  }
  return { has: (table, column) => search.marked.has(keyOf(table.name, column)) }
}

const keyOf = (table: string, column: string): string => `${table}\0${column}`

class Search {
  readonly marked = new Set<string>()
  private readonly catalog: Catalog
  private readonly functions: VolatileFunctions

  constructor(catalog: Catalog) {
    this.catalog = catalog
    this.functions = volatileFunctions(catalog)
  }

  follow(node: Node): void {
    switch (kindOf(node)) {
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'MergeStmt':
      case 'DeleteStmt':
        this.followData(node)
        break
      case 'AlterTableStmt':
        this.followAlterTable(node)
        break
      case 'CreateTableAsStmt':
        this.followCreateAs(node)
        break
      case 'RenameStmt':
        this.followRename(node)
        break
      default:
        if (isOpaque(node)) {
          this.followOpaque(node)
        }
    }
  }

  private mark(table: string, column: string): void {
    this.marked.add(keyOf(table, column))
  }

  private tablesNamed(name: string): Relation[] {
    return this.catalog.relations.filter((relation) => relation.name === name)
  }

  /** Marks the columns of the statement's own tables that are set from what differs. */
  private followData(node: Node): void {
    const local = this.locallyMarked(node)
    for (const kind of ['InsertStmt', 'UpdateStmt', 'MergeStmt'] as const) {
      eachNode<{ relation?: { relname?: string } }>(node, kind, (body) => {
        const table = body.relation?.relname ?? ''
        this.followTargets(table, body, local)
        if (kind !== 'UpdateStmt') {
          this.followDefaults(table)
        }
      })
    }
    for (const table of new Set(rangeVarsOf(node).map((name) => name.relname ?? ''))) {
      this.followTriggers(table)
    }
  }

  /** Names under which parts of the statement hand values on that differ: aliases, and columns marked before. */
  private locallyMarked(node: Node): Set<string> {
    const tables = new Set(rangeVarsOf(node).map((name) => name.relname ?? ''))
    const local = new Set<string>()
    for (const key of this.marked) {
      const [table, column] = key.split('\0') as [string, string]
      if (tables.has(table)) {
        local.add(column)
      }
    }
    for (let size = -1; size !== local.size; ) {
      size = local.size
      eachNode<ResTarget>(node, 'ResTarget', (target) => {
        if (target.name !== undefined && this.differs(target.val, local)) {
          local.add(target.name)
        }
      })
    }
    return local
  }

  private differs(value: Node | undefined, local: Set<string>): boolean {
    if (value === undefined) {
      return false
    }
    const names = columnNamesOf(value)
    return (
      this.functions.calledIn(value) || [...names].some((name) => local.has(name)) || (names.has('*') && local.size > 0)
    )
  }

  private followTargets(table: string, body: unknown, local: Set<string>): void {
    const { cols, selectStmt, targetList, onConflictClause } = body as {
      cols?: Node[]
      selectStmt?: Node
      targetList?: Node[]
      onConflictClause?: unknown
    }
    this.markSet(table, targetList, local)
    eachNode<ResTarget>(onConflictClause, 'ResTarget', (target) => this.markTarget(table, target, local))
    // MERGE keeps its actions in clauses of their own.
    eachNode<{ targetList?: Node[] }>(body, 'MergeWhenClause', (clause) =>
      this.markSet(table, clause.targetList, local),
    )
    const select = bodyOf<{ targetList?: Node[]; valuesLists?: Node[] }>(selectStmt, 'SelectStmt')
    const names = (cols ?? []).map((column) => bodyOf<ResTarget>(column, 'ResTarget')?.name ?? '')
    const columns = names.length > 0 ? names : (this.tablesNamed(table)[0]?.columns ?? []).map((column) => column.name)
    const rows = [
      select?.targetList ?? [],
      ...(select?.valuesLists ?? []).map((list) => bodyOf<{ items?: Node[] }>(list, 'List')?.items ?? []),
    ]
    for (const row of rows) {
      this.markRow(table, columns, row, local)
    }
  }

  private markSet(table: string, targets: Node[] | undefined, local: Set<string>): void {
    for (const target of targets ?? []) {
      const body = bodyOf<ResTarget>(target, 'ResTarget')
      if (body !== undefined) {
        this.markTarget(table, body, local)
      }
    }
  }

  private markTarget(table: string, target: ResTarget, local: Set<string>): void {
    if (target.name !== undefined && this.differsIn(table, target.name, target.val, local)) {
      this.mark(table, target.name)
    }
  }

  /** The clock shows in a column only once it is no longer a time (table-contents.ts). */
  private differsIn(table: string, column: string, value: Node | undefined, local: Set<string>): boolean {
    if (this.differs(value, local)) {
      return true
    }
    const types = this.tablesNamed(table).flatMap((relation) =>
      relation.columns.filter((candidate) => candidate.name === column).map((candidate) => candidate.type),
    )
    return types.some((type) => !/^(timestamp|date)/.test(type)) && this.functions.clockIn(value)
  }

  private markRow(table: string, columns: string[], row: Node[], local: Set<string>): void {
    const values = row.map((item) => bodyOf<ResTarget>(item, 'ResTarget')?.val ?? item)
    const hasStar = values.some((value) => columnNamesOf(value).has('*') && kindOf(value) === 'ColumnRef')
    for (const [position, column] of columns.entries()) {
      // Behind a `*` the positions are not known.
      const value = values[position]
      if (hasStar ? local.size > 0 : this.differsIn(table, column, value, local)) {
        this.mark(table, column)
      }
    }
  }

  /** A row that is inserted takes the defaults of what it leaves out; given values are marked no less, which costs little. */
  private followDefaults(table: string): void {
    for (const relation of this.tablesNamed(table)) {
      for (const column of relation.columns) {
        if (column.identity !== null || this.functions.namedIn(column.default ?? '')) {
          this.mark(table, column.name)
        }
      }
    }
  }

  private followTriggers(table: string): void {
    for (const relation of this.tablesNamed(table)) {
      for (const trigger of relation.triggers) {
        const body = this.functions.definitionOf(trigger.function)
        if (body !== undefined) {
          this.followText(body, relation)
        }
      }
    }
  }

  /** Of code that is not understood: each column that it names, of each table that it names or that it runs on. */
  private followText(text: string, runsOn?: Relation): void {
    const words = wordsOfText(text)
    const named = this.catalog.relations.filter((relation) => relation === runsOn || words.has(relation.name))
    for (const relation of named) {
      if (relation !== runsOn) {
        this.followDefaults(relation.name)
      }
      for (const column of relation.columns) {
        if (this.functions.namedIn(text) && words.has(column.name)) {
          this.mark(relation.name, column.name)
        }
      }
    }
  }

  private followOpaque(node: Node): void {
    eachNode<{ sval?: string }>(node, 'String', (text) => this.followText(text.sval ?? ''))
    eachNode<{ funcname?: Node[] }>(node, 'FuncCall', (call) => {
      const body = this.functions.definitionOf(nameParts(call.funcname).at(-1) ?? '')
      if (body !== undefined) {
        this.followText(body)
      }
    })
  }

  private followAlterTable(node: Node): void {
    const table = bodyOf<{ relation?: { relname?: string } }>(node, 'AlterTableStmt')?.relation?.relname ?? ''
    const local = this.locallyMarked(node)
    eachNode<{ subtype?: string; name?: string; def?: Node }>(node, 'AlterTableCmd', (command) => {
      const definition = bodyOf<{ colname?: string; typeName?: { names?: Node[] } }>(command.def, 'ColumnDef')
      if (command.subtype === 'AT_AddColumn' && definition !== undefined) {
        const type = nameParts(definition.typeName?.names).at(-1) ?? ''
        if (/^(small|big)?serial\d?$/.test(type) || hasIdentity(definition) || this.differs(command.def, local)) {
          this.mark(table, definition.colname ?? '')
        }
      } else if (command.subtype === 'AT_AlterColumnType' && this.differs(command.def, local)) {
        this.mark(table, command.name ?? '')
      }
    })
  }

  private followCreateAs(node: Node): void {
    const created = bodyOf<{ into?: { rel?: { relname?: string } }; query?: Node }>(node, 'CreateTableAsStmt')
    const table = created?.into?.rel?.relname ?? ''
    const targets = bodyOf<{ targetList?: Node[] }>(created?.query, 'SelectStmt')?.targetList ?? []
    const columns = (this.tablesNamed(table)[0]?.columns ?? []).map((column) => column.name)
    this.markRow(table, columns, targets, this.locallyMarked(node))
  }

  /** What was marked under the old name is compared under the new one. */
  private followRename(node: Node): void {
    const rename = bodyOf<{ renameType?: string; relation?: { relname?: string }; subname?: string; newname?: string }>(
      node,
      'RenameStmt',
    )
    const [table, to] = [rename?.relation?.relname ?? '', rename?.newname ?? '']
    for (const key of [...this.marked]) {
      const [markedTable, column] = key.split('\0') as [string, string]
      if (markedTable === table && rename?.renameType === 'OBJECT_TABLE') {
        this.mark(to, column)
      } else if (markedTable === table && rename?.renameType === 'OBJECT_COLUMN' && column === rename.subname) {
        this.mark(table, to)
      }
    }
  }
}

function hasIdentity(definition: unknown): boolean {
  let found = false
  eachNode<{ contype?: string }>(definition, 'Constraint', (constraint) => {
    found ||= constraint.contype === 'CONSTR_IDENTITY'
  })
  return found
}
