import type { CreateStmt } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { keysOf } from '../relations.ts'
import { type EndSight, quoted, type Rule } from '../rule.ts'

export const tableForm: Rule = {
  name: 'table-form',
  number: 63,
  severity: 'warning',
  title: 'A new table has no key, or is made in a form that leaves open what it is.',
  why: 'Without a key no row can be named: logical replication refuses UPDATE and DELETE, and Freehold can neither copy nor fill the table in batches. IF NOT EXISTS takes any table of that name for the one that is meant; CREATE TABLE AS makes no key, default or constraint.',
  remedy: 'Give the table a primary key; make it by CREATE TABLE without IF NOT EXISTS.',
  checks: {
    CreateStmt(body, sight) {
      if (body.if_not_exists === true && body.relation?.relpersistence !== 't') {
        sight.report(`takes any table ${quoted(body.relation?.relname)} that is there for this one`)
      }
    },
    CreateTableAsStmt({ into, objtype }, sight) {
      if (objtype === 'OBJECT_TABLE' && into?.rel?.relpersistence !== 't') {
        sight.report(`makes ${quoted(into?.rel?.relname)} without key, defaults and constraints`)
      }
    },
    end: reportKeyless,
  },
}

function reportKeyless({ schema, outline, report }: EndSight): void {
  for (const { statement, node } of outline.units) {
    const body = bodyOf<CreateStmt>(node, 'CreateStmt')
    const table = body?.relation === undefined ? undefined : schema.findTable(body.relation)
    // A partition or a child has the key of its parent, or none can be given to it.
    if (table === undefined || table.isTemporary || body?.inhRelations !== undefined || table.kind !== 'table') {
      continue
    }
    const isKey = (key: (string | null)[]) => key.every((name) => table.columns.get(name ?? '')?.isNotNull === true)
    if (!keysOf(table, schema).some(isKey)) {
      report(statement, `makes ${quoted(table.name)} without a primary key`)
    }
  }
}
