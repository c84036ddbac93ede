/** The log of keys: a table in schema freehold and the triggers that write to it. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Column, Relation } from '../../inspect/catalog.ts'
import { alterTable, lockOn, sqlName } from '../actions.ts'
import type { KeyColumn } from '../data/table-key.ts'
import type { RelationLock } from '../step.ts'
import { logColumn } from './copy-sql.ts'
import type { TwinNames } from './twin-names.ts'

/** Returns the statements that make the log and the functions of its triggers. */
export function makeLog(table: Relation, key: KeyColumn[], names: TwinNames): string[] {
  const log = sqlName(names.log)
  const columns = key.map(({ name }, position) => {
    const column = table.columns.find((one) => one.name === name) as Column
    const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`
    return `${logColumn(position)} ${column.type}${collation}`
  })
  const insert = (row: string): string =>
    `INSERT INTO ${log} (${key.map((_, position) => logColumn(position)).join(', ')}) VALUES (${key.map(({ name }) => `${row}.${quoteIdentifier(name)}`).join(', ')});`
  // As text: the operators of a type that is not the system's own are not on the search_path of the function.
  const moved = key
    .map(({ name }) => `OLD.${quoteIdentifier(name)}::text IS DISTINCT FROM NEW.${quoteIdentifier(name)}::text`)
    .join(' OR ')
  const logKeys = `BEGIN
  IF TG_OP <> 'INSERT' THEN
    ${insert('OLD')}
  END IF;
  IF TG_OP = 'INSERT' THEN
    ${insert('NEW')}
  ELSIF TG_OP = 'UPDATE' THEN
    IF ${moved} THEN
      ${insert('NEW')}
    END IF;
  END IF;
  RETURN NULL;
END`
  const logEmptied = `BEGIN
  INSERT INTO ${log} (emptied) VALUES (true);
  RETURN NULL;
END`
  return [
    `CREATE TABLE ${log} (emptied boolean NOT NULL DEFAULT false, ${columns.join(', ')})`,
    ...[
      { name: names.logKeys, body: logKeys },
      { name: names.logEmptied, body: logEmptied },
    ].flatMap(({ name, body }) => [
      `CREATE FUNCTION ${sqlName(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${dollarQuote(body)}`,
      `REVOKE ALL ON FUNCTION ${sqlName(name)}() FROM PUBLIC`,
    ]),
  ]
}

function dollarQuote(body: string): string {
  let tag = '$log$'
  while (body.includes(tag)) {
    tag = `${tag.slice(0, -1)}_$`
  }
  return `${tag}\n${body}\n${tag}`
}

/** Returns what begins the log; ALWAYS, so that replication's own writes are logged too. */
export function watchTable(table: Relation, names: TwinNames): { sql: string[]; locks: RelationLock[] } {
  const on = sqlName(table)
  const [keys, emptied] = [names.logKeys, names.logEmptied]
  return {
    sql: [
      `CREATE TRIGGER ${quoteIdentifier(keys.name)} AFTER INSERT OR UPDATE OR DELETE ON ${on} FOR EACH ROW EXECUTE FUNCTION ${sqlName(keys)}()`,
      `CREATE TRIGGER ${quoteIdentifier(emptied.name)} AFTER TRUNCATE ON ${on} FOR EACH STATEMENT EXECUTE FUNCTION ${sqlName(emptied)}()`,
      ...[keys, emptied].map(({ name }) => alterTable(table, `ENABLE ALWAYS TRIGGER ${quoteIdentifier(name)}`)),
    ],
    locks: [lockOn(table, 'ShareRowExclusiveLock')],
  }
}

/** Returns what ends it. */
export function unwatchTable(table: Relation, names: TwinNames): string[] {
  return [names.logKeys, names.logEmptied].map(
    ({ name }) => `DROP TRIGGER IF EXISTS ${quoteIdentifier(name)} ON ${sqlName(table)}`,
  )
}

/** Returns what removes the log itself. */
export function dropLog(names: TwinNames): string[] {
  return [
    `DROP TABLE IF EXISTS ${sqlName(names.log)}`,
    `DROP FUNCTION IF EXISTS ${sqlName(names.logKeys)}()`,
    `DROP FUNCTION IF EXISTS ${sqlName(names.logEmptied)}()`,
  ]
}
