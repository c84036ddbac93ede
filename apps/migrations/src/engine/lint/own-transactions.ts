/** BEGIN and COMMIT that a file has itself. */
import type { Node } from '@pgsql/types'
import { bodyOf, kindOf } from '../plan/syntax.ts'
import type { LintUnit } from './migration-outline.ts'

/** Returns the first statement that opens or ends a transaction, with what is wrong about all of them. */
export function reportFault(units: LintUnit[]): (Pick<LintUnit, 'statement'> & { message: string }) | undefined {
  const own = units.filter(({ node }) => isBegin(node) || isEnd(node))
  let [depth, isNested] = [0, false]
  for (const { node } of own) {
    depth = isBegin(node) ? depth + 1 : Math.max(depth - 1, 0)
    isNested ||= depth > 1
  }
  const first = own[0]
  if (first === undefined) {
    return undefined
  }
  const fault = isNested ? ', one inside another' : depth > 0 ? ', without COMMIT' : ''
  return { statement: first.statement, message: `opens and ends a transaction itself${fault}` }
}

/** Tells whether statements of the file stand outside its transactions, so that a part of it may stay when it fails. */
export function isPartlyCommitted(units: LintUnit[]): boolean {
  return outsideOf(units) !== undefined
}

/** Returns the first statement that stands outside the file's own transactions, if it has any. */
export function outsideOf(units: LintUnit[]): LintUnit | undefined {
  if (!units.some(({ node }) => isBegin(node) || isEnd(node))) {
    return undefined
  }
  let isOpen = false
  for (const unit of units) {
    if (isBegin(unit.node) || isEnd(unit.node)) {
      isOpen = isBegin(unit.node)
    } else if (!isOpen && !isSetting(unit.node)) {
      return unit
    }
  }
  return undefined
}

function kindOfTransaction(node: Node): string | undefined {
  return bodyOf<{ kind?: string }>(node, 'TransactionStmt')?.kind
}

function isBegin(node: Node): boolean {
  const kind = kindOfTransaction(node)
  return kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START'
}

function isEnd(node: Node): boolean {
  const kind = kindOfTransaction(node)
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK'
}

function isSetting(node: Node): boolean {
  return kindOf(node) === 'VariableSetStmt'
}
