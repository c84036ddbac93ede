import type { Client } from '@freehold/postgres'
import type { BatchAction, TwinAction } from '../plan/step.ts'
import { runScript } from './transaction-script.ts'
import { applySql, copyAction, ddlSql, exchangeSql, holdsSameRows, scriptOf } from './twin-statements.ts'

/** So few that a shadow's handful of rows takes several ranges. */
const rowsPerRange = 3

/** Carries out a twin, stage by stage, on a database where nobody waits; returns how many rows were copied. */
export async function executeTwin(
  client: Client,
  action: TwinAction,
  now: string,
  executeBatch: (client: Client, batch: BatchAction, now: string) => Promise<number>,
): Promise<number> {
  const script = scriptOf(action)
  const transaction = async (sql: string[]): Promise<void> => {
    if (sql.length > 0) {
      await runScript(client, ['BEGIN', ...sql, 'COMMIT'])
    }
  }
  await transaction(ddlSql(script.make))
  await transaction(ddlSql(script.watch.sql))
  const copied = await executeBatch(client, copyAction(action, now), now)
  for (const build of script.builds) {
    await transaction(ddlSql(build))
  }
  await transaction(applySql(action, now))
  if (!(await holdsSameRows(client, action, now, rowsPerRange))) {
    throw new Error(`the rows of the twin of ${action.table} are not those of the table`)
  }
  await transaction(exchangeSql(action, now, script.place.isTried))
  await transaction(ddlSql(script.validate))
  await transaction(ddlSql(script.clean))
  return copied
}
