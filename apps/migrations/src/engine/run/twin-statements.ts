/** The statements of a twin as both the runner and the proof run them. */
import { type Client, quoteLiteral } from '@freehold/postgres'
import { lookUpSettings, rangeSettings } from '../plan/data/key-range.ts'
import type { BatchAction, TwinAction, TwinScript } from '../plan/step.ts'
import { ddlSettings } from '../plan/twin/ddl-settings.ts'
import { nowSetting } from '../plan/twin/origins.ts'
import { boundarySql, type Key, prepareBatch, rangeSql, readBoundary, releaseBatch } from './batch-statements.ts'
import { runScript, settingsSql } from './transaction-script.ts'

/** Returns the script of a twin that was tried on a shadow; a plan holds no other. */
export function scriptOf(action: TwinAction): TwinScript {
  if (action.script === null) {
    throw new Error(`the twin of ${action.table} was never tried on a shadow`)
  }
  return action.script
}

/** Returns the settings under which rows are converted; it is this session's own role that may write to the twin. */
export function copySettings(action: TwinAction, now: string): Record<string, string> {
  const { role: _, session_authorization: __, ...settings } = action.settings
  // Where policies would hide rows from this role, an error is better than a table without them.
  return { ...rangeSettings, ...settings, row_security: 'off', [nowSetting]: now }
}

/** Returns the copy as an action by ranges. */
export function copyAction(action: TwinAction, now: string): BatchAction {
  return rangeAction(action, scriptOf(action).copy, copySettings(action, now))
}

/** Returns the comparison as an action by ranges. */
export function compareAction(action: TwinAction, now: string): BatchAction {
  return rangeAction(action, scriptOf(action).compare.sql, copySettings(action, now))
}

function rangeAction(action: TwinAction, sql: string, settings: Record<string, string>): BatchAction {
  const { schema, table } = action
  const { key, boundary } = scriptOf(action)
  return { kind: 'batch', schema, table, key, boundary, sql: [sql], before: [], after: [], settings }
}

/** Returns one round of bringing logged keys up to date. */
export function applySql(action: TwinAction, now: string): string[] {
  return [...settingsSql({ ...copySettings(action, now), ...lookUpSettings }), ...scriptOf(action).apply]
}

/** Returns the exchange: what was logged last, then the names. */
export function exchangeSql(action: TwinAction, now: string, withPlace = true): string[] {
  // What waits for the end of the transaction would keep the twin from being altered.
  const { swap, place } = scriptOf(action)
  const sql = withPlace ? [...swap.sql, ...place.sql] : swap.sql
  const parts = Array.from({ length: Math.ceil(sql.length / statementsTogether) }, (_, part) =>
    sql.slice(part * statementsTogether, (part + 1) * statementsTogether).join('\n;\n'),
  )
  return [...applySql(action, now), 'SET CONSTRAINTS ALL IMMEDIATE', ...ddlSql(parts)]
}

/** The deadline is looked at between two parts: once for each short statement would cost as much as the statement. */
const statementsTogether = 8

/** Returns statements on the schema under the settings that they were written for. */
export function ddlSql(sql: string[]): string[] {
  return sql.length === 0 ? [] : [...settingsSql(ddlSettings), ...sql]
}

/** Compares ranges until one differs or none is left; `rows` says how large the next one is, `onRange` what it took. */
export async function compareRanges(
  client: Client,
  action: BatchAction,
  options: {
    after: Key
    rows(): number
    /** Statements of the range's transaction behind the comparison. */
    within(end: Key): string[]
    onRange(end: Key): void
    begin: string[]
  },
): Promise<boolean> {
  await prepareBatch(client, action)
  try {
    let after = options.after
    for (;;) {
      const begun = await runScript(client, [
        ...options.begin,
        ...settingsSql(action.settings),
        boundarySql(action, after, options.rows()),
      ])
      const end = readBoundary(action, after, begun.at(-1)?.rows[0])
      if (end === undefined) {
        await client.query('COMMIT')
        return true
      }
      const [compare = ''] = rangeSql(action, after, end, '')
      const results = await runScript(client, [compare, ...options.within(end), 'COMMIT'])
      if (isTrue(results[0]?.rows[0])) {
        return false
      }
      options.onRange(end)
      after = end
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    await releaseBatch(client, action).catch(() => {})
  }
}

/** Compares the whole tables at once, where ranges of one are not ranges of the other. */
export async function compareWhole(client: Client, action: TwinAction, now: string): Promise<boolean> {
  const { key } = scriptOf(action)
  const batch = compareAction(action, now)
  await prepareBatch(client, batch)
  try {
    const [sql = ''] = rangeSql(
      batch,
      null,
      key.map(() => null),
      '',
    )
    const results = await runScript(client, [
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
      ...settingsSql(batch.settings),
      sql,
      'COMMIT',
    ])
    return !isTrue(results.at(-2)?.rows[0])
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    await releaseBatch(client, batch).catch(() => {})
  }
}

/** Tells whether the twin holds the table's rows, in ranges of so many, where nobody waits. */
export async function holdsSameRows(
  client: Client,
  action: TwinAction,
  now: string,
  rowsPerRange: number,
): Promise<boolean> {
  const isEqual = scriptOf(action).compare.byRange
    ? await compareRanges(client, compareAction(action, now), {
        after: null,
        rows: () => rowsPerRange,
        within: () => [],
        onRange: () => {},
        begin: ['BEGIN ISOLATION LEVEL REPEATABLE READ'],
      })
    : await compareWhole(client, action, now)
  return isEqual && (await haveSameCount(client, action))
}

/** Tells whether both tables have the same number of rows in one snapshot. */
export async function haveSameCount(client: Client, action: TwinAction): Promise<boolean> {
  const results = await runScript(client, [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    `SELECT pg_catalog.set_config('row_security', ${quoteLiteral('off')}, true)`,
    scriptOf(action).count,
    'COMMIT',
  ])
  return isTrue(results.at(-2)?.rows[0])
}

function isTrue(row: Record<string, unknown> | undefined): boolean {
  return Object.values(row ?? {})[0] === true
}
