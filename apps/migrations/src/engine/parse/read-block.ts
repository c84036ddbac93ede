/**
 * Takes the code of a DO block apart as far as it is SQL statements, IFs and exception handlers: the way in which
 * migrations are written that may meet a database where they have been run before.
 */
import type { DefElem, Node } from '@pgsql/types'
import { bodyOf, kindOf, nameParts, rangeVarsOf } from '../plan/syntax.ts'
import { parseOne, parsePlpgsql } from './parser.ts'

/** One thing that a block does. */
export type BlockStep =
  | { kind: 'statement'; sql: string }
  | { kind: 'if'; branches: BlockBranch[] }
  | { kind: 'attempt'; steps: BlockStep[]; handlers: BlockHandler[] }
  | { kind: 'return' }
  /** What cannot be taken apart; of no account in a branch that is not taken. */
  | { kind: 'opaque' }

export interface BlockBranch {
  /** An SQL expression; undefined for ELSE. */
  condition: string | undefined
  steps: BlockStep[]
}

export interface BlockHandler {
  /** Names of conditions (PL/pgSQL, "Trapping Errors"; appendix A). */
  conditions: string[]
  steps: BlockStep[]
}

/** Returns what a DO block does, in order; undefined for other statements, other languages and code with variables. */
export function readBlock(node: Node, sql: string): BlockStep[] | undefined {
  if (kindOf(node) !== 'DoStmt' || !isPlpgsql(node)) {
    return undefined
  }
  const code = parsePlpgsql(sql)
  const declared = code?.datums.filter(({ PLpgSQL_var: variable }) => !implicit.has(variable?.refname ?? ''))
  return code === undefined || declared?.length !== 0 ? undefined : stepsOf([code.action])
}

/** The variables that each block has. */
const implicit = new Set(['found', 'sqlstate', 'sqlerrm'])

function isPlpgsql(node: Node): boolean {
  const options = bodyOf<{ args?: Node[] }>(node, 'DoStmt')?.args ?? []
  const language = options
    .map((option) => bodyOf<DefElem>(option, 'DefElem'))
    .find((option) => option?.defname === 'language')
  return language === undefined || nameParts(language.arg === undefined ? [] : [language.arg])[0] === 'plpgsql'
}

/** A node of PL/pgSQL's tree as libpg_query writes it: its tag and its fields. */
type PlNode = Record<string, Record<string, unknown>>

function stepsOf(nodes: PlNode[]): BlockStep[] {
  return nodes.flatMap((node) => {
    const [tag = '', fields = {}] = Object.entries(node)[0] ?? []
    return (readers[tag] ?? opaque)(fields)
  })
}

const opaque = (): BlockStep[] => [{ kind: 'opaque' }]

const readers: Record<string, (fields: Record<string, unknown>) => BlockStep[]> = {
  PLpgSQL_stmt_block: blockOf,
  PLpgSQL_stmt_if: ifOf,
  PLpgSQL_stmt_return: (fields) => (fields['expr'] === undefined ? [{ kind: 'return' }] : opaque()),
  PLpgSQL_stmt_execsql: (fields) =>
    fields['into'] === true ? opaque() : [{ kind: 'statement', sql: textOf(fields['sqlstmt']) }],
  PLpgSQL_stmt_dynexecute: executeOf,
  PLpgSQL_stmt_raise: (fields) => (isMessage(fields['elog_level']) ? [] : opaque()),
}

function blockOf(fields: Record<string, unknown>): BlockStep[] {
  const steps = stepsOf(listOf(fields['body']))
  const trap = fields['exceptions'] as { PLpgSQL_exception_block?: { exc_list?: unknown } } | undefined
  if (trap === undefined) {
    return steps
  }
  const handlers = listOf(trap.PLpgSQL_exception_block?.exc_list).map(({ PLpgSQL_exception: handler }) => ({
    conditions: listOf(handler?.['conditions']).map((one) => String(one['PLpgSQL_condition']?.['condname'])),
    steps: stepsOf(listOf(handler?.['action'])),
  }))
  return [{ kind: 'attempt', steps, handlers }]
}

function ifOf(fields: Record<string, unknown>): BlockStep[] {
  const elsifs = listOf(fields['elsif_list']).map(({ PLpgSQL_if_elsif: elsif }) => ({
    condition: textOf(elsif?.['cond']),
    steps: stepsOf(listOf(elsif?.['stmts'])),
  }))
  const branches: BlockBranch[] = [
    { condition: textOf(fields['cond']), steps: stepsOf(listOf(fields['then_body'])) },
    ...elsifs,
    { condition: undefined, steps: stepsOf(listOf(fields['else_body'])) },
  ]
  return [{ kind: 'if', branches }]
}

/** EXECUTE of a text that is a constant is that text. */
function executeOf(fields: Record<string, unknown>): BlockStep[] {
  if (fields['into'] === true || fields['params'] !== undefined) {
    return opaque()
  }
  const constant = constantOf(textOf(fields['query']))
  return constant === undefined ? opaque() : [{ kind: 'statement', sql: constant }]
}

function constantOf(expression: string): string | undefined {
  const select = parseOne(`SELECT ${expression}`)
  const target = bodyOf<{ targetList?: Node[] }>(select, 'SelectStmt')?.targetList?.[0]
  const value = bodyOf<{ val?: Node }>(target, 'ResTarget')?.val
  return bodyOf<{ sval?: { sval?: string } }>(value, 'A_Const')?.sval?.sval
}

/** From DEBUG5 (10) to WARNING (19); EXCEPTION is 21 (elog.h). */
function isMessage(level: unknown): boolean {
  return typeof level === 'number' && level < 21
}

function listOf(value: unknown): PlNode[] {
  return Array.isArray(value) ? (value as PlNode[]) : []
}

function textOf(expression: unknown): string {
  return (expression as { PLpgSQL_expr?: { query?: string } } | undefined)?.PLpgSQL_expr?.query ?? ''
}

/**
 * Tells whether the expression's value hangs on the catalog alone, so that it is on the shadow what it is on the live
 * database: no table of the user's, and no function but a few of Postgres' own.
 */
export function asksCatalogOnly(condition: string): boolean {
  const node = parseOne(`SELECT (${condition})`)
  return (
    node !== undefined &&
    rangeVarsOf(node).every(({ schemaname, relname = '' }) => {
      return schemaname === 'information_schema'
        ? informationSchema.has(relname)
        : (schemaname === undefined || schemaname === 'pg_catalog') && catalogs.has(relname)
    }) &&
    everyCall(node)
  )
}

const catalogs = new Set(
  `pg_attribute pg_class pg_constraint pg_enum pg_index pg_indexes pg_matviews pg_namespace pg_policies pg_policy pg_proc
  pg_rules pg_sequences pg_tables pg_trigger pg_type pg_views`.split(/\s+/),
)

const informationSchema = new Set(
  `check_constraints columns constraint_column_usage key_column_usage referential_constraints routines schemata sequences
  table_constraints tables triggers views`.split(/\s+/),
)

const calls = new Set(
  `current_schema current_schemas format_type lower pg_get_constraintdef pg_get_indexdef quote_ident to_regclass
  to_regtype upper`.split(/\s+/),
)

/** What does not depend on the catalog but on the session, the moment or the parameters. */
const sessionTags = ['ParamRef', 'CurrentOfExpr']

function everyCall(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.every(everyCall)
  }
  if (typeof value !== 'object' || value === null) {
    return true
  }
  return Object.entries(value).every(([key, field]) => {
    if (key === 'FuncCall') {
      const name = nameParts((field as { funcname?: Node[] }).funcname)
      const isOwn = name.length === 1 || (name.length === 2 && name[0] === 'pg_catalog')
      return isOwn && (calls.has(name.at(-1) ?? '') || name.at(-1) === 'count') && everyCall(field)
    }
    if (key === 'SQLValueFunction') {
      return (field as { op?: string }).op === 'SVFOP_CURRENT_SCHEMA'
    }
    return !sessionTags.includes(key) && everyCall(field)
  })
}
