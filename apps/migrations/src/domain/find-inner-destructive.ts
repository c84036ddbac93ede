// What a statement does by what stands inside it: changes of data in a WITH, and calls of functions that may do anything.

import { parseSql, SqlSyntaxError } from '#engine/parse/parser.ts'
import { harmlessFunctions } from './harmless-functions.ts'

/** What the migrations of a set make that acts by itself or under another's name. */
export interface Made {
  functions: ReadonlySet<string>
  hasTriggers: boolean
}

export const nothingMade: Made = { functions: new Set(), hasTriggers: false }

interface Named {
  String?: { sval?: string }
}

interface NodeBody {
  action?: string
  funcname?: Named[]
  name?: Named[]
  operName?: Named[]
  useOp?: Named[]
  renameType?: string
  newname?: string
  defnames?: Named[]
  kind?: string
}

const innerWords: Record<string, string> = {
  DeleteStmt: 'deletes rows',
  UpdateStmt: 'overwrites values',
  MergeStmt: 'overwrites or deletes rows',
  ExecuteStmt: 'its text does not tell what it does',
  CallStmt: 'its text does not tell what it does',
}

const renamedKinds = new Set(['OBJECT_AGGREGATE', 'OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE'])

const operatorFields = new Map<string, 'name' | 'operName' | 'useOp'>([
  ['A_Expr', 'name'],
  ['SubLink', 'operName'],
  ['SortBy', 'useOp'],
])

const namesOf = (parts: Named[] | undefined): string[] => (parts ?? []).map((part) => part.String?.sval ?? '')

/** Returns what the texts make; a text that is not SQL makes nothing. */
export function findMade(texts: readonly string[]): Made {
  const functions = new Set<string>()
  let hasTriggers = false
  for (const [kind, body] of texts.flatMap(statementsOf)) {
    if (kind === 'CreateFunctionStmt') {
      functions.add(namesOf(body.funcname).at(-1) ?? '')
    } else if (kind === 'DefineStmt' && body.kind === 'OBJECT_AGGREGATE') {
      functions.add(namesOf(body.defnames).at(-1) ?? '')
    } else if (kind === 'RenameStmt' && renamedKinds.has(body.renameType ?? '') && body.newname !== undefined) {
      functions.add(body.newname)
    } else if (kind === 'CreateTrigStmt') {
      hasTriggers = true
    }
  }
  return { functions, hasTriggers }
}

function statementsOf(text: string): [string, NodeBody][] {
  try {
    return parseSql(text).flatMap(({ node }) => Object.entries(node) as [string, NodeBody][])
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      return []
    }
    throw error
  }
}

/** Returns what the statement destroys by what stands inside it, or undefined. */
export function whyInnerDestructive(statement: object, made: Made): string | undefined {
  // Trees may be deeper than the stack.
  const waiting: unknown[] = [statement]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part === null || typeof part !== 'object') {
      continue
    }
    for (const [kind, body] of Object.entries(part)) {
      const reason = whyNodeDestructive(kind, (body ?? {}) as NodeBody, made)
      if (reason !== undefined) {
        return reason
      }
      // A function's body does nothing while it is made.
      if (kind !== 'CreateFunctionStmt' && body !== undefined) {
        waiting.push(body)
      }
    }
  }
  return undefined
}

function whyNodeDestructive(kind: string, body: NodeBody, made: Made): string | undefined {
  if (kind === 'InsertStmt' && made.hasTriggers) {
    return 'enters rows where the set makes triggers, whose functions may do anything'
  }
  if (kind === 'onConflictClause') {
    return body.action === 'ONCONFLICT_UPDATE' ? 'overwrites the rows that are there already' : undefined
  }
  if (kind === 'FuncCall') {
    return isHarmlessCall(namesOf(body.funcname), made)
      ? undefined
      : `calls ${namesOf(body.funcname).join('.')}, which may do anything`
  }
  const field = operatorFields.get(kind)
  const operator = field === undefined ? [] : namesOf(body[field])
  if (operator.length > 1 && operator[0] !== 'pg_catalog') {
    return 'uses an operator that is not one of Postgres’ own, which may do anything'
  }
  return innerWords[kind]
}

function isHarmlessCall(parts: string[], made: Made): boolean {
  const name = parts.at(-1) ?? ''
  if (!harmlessFunctions.has(name)) {
    return false
  }
  return parts.length === 1 ? !made.functions.has(name) : parts.length === 2 && parts[0] === 'pg_catalog'
}
