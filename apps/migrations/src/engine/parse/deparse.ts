import type { Node } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { isSameTree } from './locations.ts'
import { parseSql } from './parser.ts'

/** A tree that the deparser does not give back as it was; its statement can only be run in its original words. */
export class DeparseError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DeparseError'
  }
}

/** Returns the SQL of a statement's tree, parsed again and compared with the tree. Throws a DeparseError. */
export function deparse(node: Node): string {
  let sql: string
  let again: Node | undefined
  try {
    sql = toText(node)
    const statements = parseSql(sql)
    again = statements.length === 1 ? statements[0]?.node : undefined
  } catch (error) {
    throw new DeparseError(`${Object.keys(node)[0]} cannot be written back as SQL`, error)
  }
  if (again === undefined || !isSameTree(node, again)) {
    throw new DeparseError(`${Object.keys(node)[0]} written back as SQL means something else: ${sql}`)
  }
  return sql
}

const lineWidth = 120

/** One line where it fits, for people read it in plans. */
function toText(node: Node): string {
  const line = deparseSync(node, { pretty: false })
  return line.length <= lineWidth ? line : deparseSync(node, { pretty: true })
}
