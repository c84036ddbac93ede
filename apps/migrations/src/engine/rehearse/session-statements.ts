import type { Client } from '@freehold/postgres'
import type { VariableSetStmt } from '@pgsql/types'
import { deparse } from '../parse/deparse.ts'
import type { Statement } from '../parse/statement.ts'
import { bodyOf } from '../plan/syntax.ts'

/** Runs SET statements so that they hold as long as in the file, though each of its statements is run apart. */
export interface SessionStatements {
  run(statement: Statement, set: VariableSetStmt): Promise<void>
  /** Takes back what was set for the transaction: at COMMIT, ROLLBACK and the end of a file. */
  endTransaction(): Promise<void>
}

/** Returns the SET statement that the node is. */
export function setStatementOf(statement: Statement): VariableSetStmt | undefined {
  return bodyOf<VariableSetStmt>(statement.node, 'VariableSetStmt')
}

export function sessionStatements(client: Client): SessionStatements {
  const before = new Map<string, string | null>()
  return {
    async run(statement, set) {
      const name = set.name ?? ''
      if (set.is_local !== true || name === '' || name === 'TRANSACTION') {
        await client.query(statement.sql)
      } else {
        if (!before.has(name)) {
          const { rows } = await client.query<{ value: string | null }>('SELECT current_setting($1, true) AS value', [
            name,
          ])
          before.set(name, rows[0]?.value ?? null)
        }
        // A file of several statements is one implicit transaction, in which SET LOCAL holds to the end.
        const { is_local: _, ...forSession } = set
        await client.query(deparse({ VariableSetStmt: forSession }))
      }
      if (name === 'session_authorization') {
        // The session may be another role's that acts as the live one from its start; this makes it do so again.
        await client.query('RESET ROLE')
      }
      if (name.endsWith('_timeout')) {
        // It is checked and then lifted: a limit on the live server's callers would only cut the rehearsal off.
        await client.query('SELECT set_config($1, $2, false)', [name, '0'])
      }
    },
    async endTransaction() {
      for (const [name, value] of before) {
        await client.query('SELECT set_config($1, $2, false)', [name, value])
      }
      before.clear()
    },
  }
}
