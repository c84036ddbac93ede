/**
 * Copies the values of columns that are dropped to schema freehold, by key: in batches while nobody waits, with a log
 * of the keys that are written meanwhile, whose rows are copied again, the last of them in the transaction that drops.
 */
import { quoteIdentifier, quoteLiteral, shortenIdentifier } from '@freehold/postgres'
import type { Column } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { inTransaction, lockOn, nothing, patiently, sqlName } from '../actions.ts'
import type { Draft } from '../draft.ts'
import type { BatchAction, Phase } from '../step.ts'
import { keptName } from './kept-names.ts'

/** Columns to be kept; names are those of the phase in which they are dropped. */
export interface KeptColumns {
  migrationId: string
  phase: Phase
  table: RelationName
  /** Null where no key names the rows. */
  key: Column[] | null
  columns: KeptColumn[]
}

/** A column as its table has it when it is dropped, and what it is called where it is kept. */
export type KeptColumn = Column & { keptAs: string }

/** Text that reads back as the same value, whatever the session's settings are. */
const textSettings: Record<string, string> = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  // A generic plan of a range that has no lower end would read the table from its start every time.
  plan_cache_mode: 'force_custom_plan',
}

/** Returns the steps that copy, and the statements that end the copy in the transaction that drops the columns. */
export function copyColumns(kept: KeptColumns): { drafts: Draft[]; last: string[] } {
  if (kept.key === null) {
    return { drafts: [copyWithoutKey(kept)], last: [] }
  }
  const names = columnNames(kept)
  const draft: Omit<Draft, 'reason' | 'do' | 'undo' | 'cost'> = {
    phase: kept.phase,
    mechanism: 'deferred',
    place: 'remove',
    table: kept.table,
  }
  const drafts: Draft[] = [
    {
      ...draft,
      reason: `from here on the keys of rows are logged whose ${names} change, until the values are kept and the column goes`,
      do: inTransaction(startLog(kept, kept.key), [lockOn(kept.table, 'ShareRowExclusiveLock')]),
      undo: inTransaction(stopLog(kept), [lockOn(kept.table)]),
      cost: 'catalog',
    },
    {
      ...draft,
      reason: `the values of ${names} are kept in ${sqlName(keptTable(kept))} before they are dropped`,
      do: batchCopy(kept, kept.key),
      undo: inTransaction([`DROP TABLE IF EXISTS ${sqlName(keptTable(kept))}`]),
      cost: 'copy',
    },
    {
      ...draft,
      reason: `rows of ${kept.table.name} that were written during the copy are copied again`,
      do: patiently(copyLogged(kept, kept.key), textSettings),
      undo: nothing,
      cost: 'catalog',
    },
  ]
  return { drafts, last: [...setLocal(), ...copyLogged(kept, kept.key), ...stopLog(kept)] }
}

/** Returns the table that keeps the values. */
export function keptTable(kept: KeptColumns): RelationName {
  return keptName(kept.migrationId, { ...kept.table, name: `${kept.table.name}_${kept.columns[0]?.keptAs ?? ''}` })
}

function logTable(kept: KeptColumns): RelationName {
  return keptName(
    kept.migrationId,
    { ...kept.table, name: `${kept.table.name}_${kept.columns[0]?.keptAs ?? ''}` },
    'log',
  )
}

function columnNames({ columns }: KeptColumns): string {
  return columns.map(({ keptAs }) => keptAs).join(', ')
}

function setLocal(): string[] {
  const { plan_cache_mode: _, ...text } = textSettings
  return Object.entries(text).map(
    ([name, value]) => `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
  )
}

function list(columns: Column[], render: (name: string) => string = (name) => name): string {
  return columns.map(({ name }) => render(quoteIdentifier(name))).join(', ')
}

/** Key columns and dropped columns, each once. */
function storedColumns({ key, columns }: KeptColumns): KeptColumn[] {
  const inKey = new Set((key ?? []).map(({ name }) => name))
  const ofKey = (key ?? []).map((column) => {
    return columns.find(({ name }) => name === column.name) ?? { ...column, keptAs: column.name }
  })
  return [...ofKey, ...columns.filter(({ name }) => !inKey.has(name))]
}

function listKept(columns: KeptColumn[], render: (name: string) => string = (name) => name): string {
  return columns.map(({ keptAs }) => render(quoteIdentifier(keptAs))).join(', ')
}

function hasValue(columns: Column[], row: string): string {
  return columns.map(({ name }) => `${row}.${quoteIdentifier(name)}::text IS NOT NULL`).join(' OR ')
}

// No type of the user's is used: a kept value must not stand in the way of a later DROP TYPE.
function createKept(kept: KeptColumns, key: Column[]): string[] {
  const name = sqlName(keptTable(kept))
  return [
    `DROP TABLE IF EXISTS ${name}`,
    `CREATE TABLE ${name} (${listKept(storedColumns(kept), (column) => `${column} text`)})`,
    `CREATE INDEX ON ${name} (${listKept(storedColumns(kept).slice(0, key.length))})`,
  ]
}

function batchCopy(kept: KeptColumns, key: Column[]): BatchAction {
  const parameters = (first: number): string =>
    key.map(({ type }, index) => `$${first + index}::text::${type}`).join(', ')
  const after = `($1::text IS NULL OR (${list(key)}) > (${parameters(1)}))`
  const table = sqlName(kept.table)
  const stored = storedColumns(kept)
  return {
    kind: 'batch',
    schema: kept.table.schema,
    table: kept.table.name,
    key: key.map(({ name, type }) => ({ name, type })),
    boundary:
      `SELECT ${list(key, (column) => `page.${column}::text`)} FROM (SELECT ${list(key)} FROM ${table} WHERE ${after}` +
      ` ORDER BY ${list(key)} LIMIT $${key.length + 1}) page ORDER BY ${list(key, (column) => `page.${column} DESC`)} LIMIT 1`,
    sql: [
      `INSERT INTO ${sqlName(keptTable(kept))} (${listKept(stored)}) SELECT ${list(stored, (column) => `t.${column}::text`)}` +
        ` FROM ${table} t WHERE ${after} AND (${list(key)}) <= (${parameters(key.length + 1)}) AND (${hasValue(kept.columns, 't')})`,
    ],
    before: createKept(kept, key),
    after: [],
    settings: textSettings,
  }
}

// The writer's session settings would show in text, so the log holds the key in its own types; it lives only during the copy.
function startLog(kept: KeptColumns, key: Column[]): string[] {
  const log = sqlName(logTable(kept))
  const trigger = quoteIdentifier(logTable(kept).name)
  const onUpdate = quoteIdentifier(shortenIdentifier(`${logTable(kept).name}_u`))
  const table = sqlName(kept.table)
  const keyOf = (row: string): string => list(key, (column) => `${row}.${column}`)
  const changed = [
    ...kept.columns
      .map(({ name }) => quoteIdentifier(name))
      .map((column) => `OLD.${column}::text IS DISTINCT FROM NEW.${column}::text`),
    `(${keyOf('OLD')}) IS DISTINCT FROM (${keyOf('NEW')})`,
  ]
  const body = `BEGIN
  INSERT INTO ${log} VALUES (${keyOf('NEW')});
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO ${log} VALUES (${keyOf('OLD')});
  END IF;
  RETURN NULL;
END`
  return [
    ...stopLog(kept),
    `CREATE TABLE ${log} (${key.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', ')})`,
    `CREATE FUNCTION ${log}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${quoteLiteral(body)}`,
    `REVOKE ALL ON FUNCTION ${log}() FROM PUBLIC`,
    `CREATE TRIGGER ${trigger} AFTER INSERT ON ${table} FOR EACH ROW WHEN (${hasValue(kept.columns, 'NEW')}) EXECUTE FUNCTION ${log}()`,
    `CREATE TRIGGER ${onUpdate} AFTER UPDATE ON ${table} FOR EACH ROW WHEN (${changed.join(' OR ')}) EXECUTE FUNCTION ${log}()`,
    // Replicated writes and those under session_replication_role = replica count as well.
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${trigger}, ENABLE ALWAYS TRIGGER ${onUpdate}`,
  ]
}

function stopLog(kept: KeptColumns): string[] {
  const log = sqlName(logTable(kept))
  // The triggers hang on the function.
  return [`DROP FUNCTION IF EXISTS ${log}() CASCADE`, `DROP TABLE IF EXISTS ${log}`]
}

/** Takes what is in the log and copies the rows as they are now; a statement sees log and rows in one snapshot. */
function copyLogged(kept: KeptColumns, key: Column[]): string[] {
  const name = sqlName(keptTable(kept))
  const stored = storedColumns(kept)
  const keyKept = stored.slice(0, key.length)
  const isKept = keyKept
    .map((column) => `old.${quoteIdentifier(column.keptAs)} = keys.${quoteIdentifier(column.name)}::text`)
    .join(' AND ')
  const isSame = key
    .map((column) => `t.${quoteIdentifier(column.name)} = keys.${quoteIdentifier(column.name)}`)
    .join(' AND ')
  return [
    `WITH taken AS (DELETE FROM ${sqlName(logTable(kept))} RETURNING *), keys AS (SELECT DISTINCT * FROM taken),` +
      ` gone AS (DELETE FROM ${name} old USING keys WHERE ${isKept})` +
      ` INSERT INTO ${name} (${listKept(stored)}) SELECT ${list(stored, (column) => `t.${column}::text`)}` +
      ` FROM ${sqlName(kept.table)} t JOIN keys ON ${isSame} WHERE ${hasValue(kept.columns, 't')}`,
  ]
}

/** The row as JSON, each column that is kept under the name that it had. */
function wholeRow(columns: KeptColumn[]): string {
  const renamed = columns.filter(({ name, keptAs }) => name !== keptAs)
  const without = renamed.map(({ name }) => ` - ${quoteLiteral(name)}`).join('')
  const named = renamed.map(({ name, keptAs }) => `${quoteLiteral(keptAs)}, t.${quoteIdentifier(name)}`).join(', ')
  return renamed.length === 0 ? 'to_jsonb(t)' : `to_jsonb(t)${without} || jsonb_build_object(${named})`
}

/** Without a key nothing says which row a value belonged to, so whole rows are kept, as they are at that moment. */
function copyWithoutKey(kept: KeptColumns): Draft {
  const name = sqlName(keptTable(kept))
  return {
    phase: kept.phase,
    mechanism: 'deferred',
    reason: `the rows of ${kept.table.name}, which has no key, are kept whole in ${name} before ${columnNames(kept)} is dropped`,
    do: patiently(
      [
        `DROP TABLE IF EXISTS ${name}`,
        `CREATE TABLE ${name} ("row" jsonb)`,
        `INSERT INTO ${name} SELECT ${wholeRow(kept.columns)} FROM ${sqlName(kept.table)} t WHERE ${hasValue(kept.columns, 't')}`,
      ],
      textSettings,
    ),
    undo: inTransaction([`DROP TABLE IF EXISTS ${name}`]),
    place: 'remove',
    table: kept.table,
    cost: 'copy',
  }
}
