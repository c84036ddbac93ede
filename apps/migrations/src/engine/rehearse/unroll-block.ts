/**
 * Replaces a DO block by the statements that it runs, where what it decides by is the catalog: each of them then goes to
 * the mechanism that fits it, instead of all of them under the locks of one transaction.
 */
import { type Client, sqlstateOf } from '@freehold/postgres'
import { parseOne } from '../parse/parser.ts'
import { asksCatalogOnly, type BlockHandler, type BlockStep, readBlock } from '../parse/read-block.ts'
import { splitStatement } from '../parse/split-statement.ts'
import type { Statement, Unit } from '../parse/statement.ts'
import { isOpaque, isOwnTransaction } from '../plan/statement-kinds.ts'
import { kindOf, rangeVarsOf } from '../plan/syntax.ts'
import { isServerWide } from './server-wide.ts'

/**
 * Returns the units of the statements that the block runs on the client's database as it is now, none where it decides
 * to do nothing; undefined where the statement is no such block. Leaves the database as it was.
 */
export async function unrollBlock(client: Client, statement: Statement): Promise<Unit[] | undefined> {
  const steps = readBlock(statement.node, statement.sql)
  if (steps === undefined) {
    return undefined
  }
  const ran: Statement[] = []
  await client.query('BEGIN')
  try {
    await runSteps(client, steps, statement, ran)
  } catch (error) {
    if (error instanceof NotPlain || sqlstateOf(error) !== undefined) {
      return undefined
    }
    throw error
  } finally {
    await client.query('ROLLBACK')
  }
  const units = ran.flatMap(splitStatement)
  return units.map((unit, part) => ({ ...unit, part, parts: units.length, wholeStatement: false }))
}

/** The block does something that cannot be carried out apart from it. */
class NotPlain extends Error {}

/** Runs the steps, adding what they run to `ran`; false where they end with RETURN. */
async function runSteps(client: Client, steps: BlockStep[], block: Statement, ran: Statement[]): Promise<boolean> {
  for (const step of steps) {
    if (!(await runStep(client, step, block, ran))) {
      return false
    }
  }
  return true
}

async function runStep(client: Client, step: BlockStep, block: Statement, ran: Statement[]): Promise<boolean> {
  switch (step.kind) {
    case 'statement': {
      const statement = plainStatement(step.sql, block)
      await client.query(statement.sql)
      ran.push(statement)
      return true
    }
    case 'if': {
      for (const { condition, steps } of step.branches) {
        if (condition === undefined || (await holds(client, condition))) {
          return await runSteps(client, steps, block, ran)
        }
      }
      return true
    }
    case 'attempt':
      return await attempt(client, step, block, ran)
    case 'return':
      return false
    case 'opaque':
      throw new NotPlain()
  }
}

async function holds(client: Client, condition: string): Promise<boolean> {
  if (!asksCatalogOnly(condition)) {
    throw new NotPlain()
  }
  const { rows } = await client.query<{ holds: boolean | null }>(`SELECT (${condition}) AS holds`)
  return rows[0]?.holds === true
}

/** What is run before an error is taken back with it, as PL/pgSQL does, and the handler's statements take its place. */
async function attempt(
  client: Client,
  { steps, handlers }: { steps: BlockStep[]; handlers: BlockHandler[] },
  block: Statement,
  ran: Statement[],
): Promise<boolean> {
  if (!handlers.every(({ conditions }) => conditions.every((condition) => sqlstateOfCondition.has(condition)))) {
    throw new NotPlain()
  }
  const before = ran.length
  await client.query('SAVEPOINT freehold_attempt')
  try {
    const goesOn = await runSteps(client, steps, block, ran)
    await client.query('RELEASE SAVEPOINT freehold_attempt')
    return goesOn
  } catch (error) {
    const sqlstate = sqlstateOf(error)
    const handler = handlers.find(({ conditions }) =>
      conditions.some((condition) => sqlstateOfCondition.get(condition) === sqlstate),
    )
    if (handler === undefined) {
      throw error
    }
    await client.query('ROLLBACK TO SAVEPOINT freehold_attempt')
    ran.splice(before)
    return await runSteps(client, handler.steps, block, ran)
  }
}

/** Conditions that the catalog alone decides: rows that live only on the user's database cannot raise them (appendix A). */
const sqlstateOfCondition = new Map([
  ['duplicate_object', '42710'],
  ['duplicate_table', '42P07'],
  ['duplicate_column', '42701'],
  ['duplicate_function', '42723'],
  ['duplicate_schema', '42P06'],
  ['undefined_object', '42704'],
  ['undefined_table', '42P01'],
  ['undefined_column', '42703'],
  ['undefined_function', '42883'],
  ['invalid_schema_name', '3F000'],
])

/** Returns the one statement of the text. */
function plainStatement(text: string, block: Statement): Statement {
  const sql = text.trim()
  const node = parseOne(sql)
  if (node === undefined) {
    throw new NotPlain()
  }
  const isTemporary = rangeVarsOf(node).some(
    ({ relpersistence, schemaname }) => relpersistence === 't' || schemaname === 'freehold',
  )
  if (isOpaque(node) || isOwnTransaction(node) || isServerWide(node) || isTemporary || boundToBlock.has(kindOf(node))) {
    throw new NotPlain()
  }
  return { ...block, sql, node }
}

/** What means something only in the transaction and session in which the block runs. */
const boundToBlock = new Set(['VariableSetStmt', 'TransactionStmt', 'LockStmt', 'ConstraintsSetStmt', 'CopyStmt'])
