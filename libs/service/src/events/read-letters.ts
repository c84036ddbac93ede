// Dead letters as operators see them.

import type { DeadLetter, WholeDeadLetter } from '@freehold/contracts-base'
import { type Kysely, sql } from 'kysely'
import { redactText } from '../telemetry/redact.ts'
import { type Inbox, tableOf } from './inbox.ts'

/** Which letters are wanted, and after which. */
export interface LetterQuery {
  limit: number
  /** Id of the letter after which they begin. */
  after?: string | undefined
  /** Of types that begin so. */
  type?: string | undefined
  key?: string | undefined
}

interface ShownRow {
  letter_id: string
  id: string
  group: string
  type: string
  topic: string
  key: string
  source: string
  time: Date
  traceparent: string | null
  attempts: number
  error: string | null
  put_aside_at: Date
}

const shownColumns = sql`id AS letter_id, event_id AS id, group_name AS "group", type, topic, key, source, time,
  traceparent, attempts, error, created_at AS put_aside_at`

/** Returns the letters in the order in which they were put aside. */
export async function listLetters(
  db: Kysely<unknown>,
  inbox: Inbox,
  { limit, after, type, key }: LetterQuery,
): Promise<DeadLetter[]> {
  const { rows } = await sql<ShownRow>`
    SELECT ${shownColumns} FROM ${tableOf(inbox, 'dead_letters')}
    WHERE group_name = ${inbox.group} AND starts_with(type, ${type ?? ''})
      AND (${key ?? null}::text IS NULL OR key = ${key ?? null})
      AND (${after ?? null}::uuid IS NULL OR id > ${after ?? null}::uuid)
    ORDER BY id LIMIT ${limit}`.execute(db)
  return rows.map(toShown)
}

/** Returns the letter with its data; undefined when there is none. */
export async function findLetter(
  db: Kysely<unknown>,
  inbox: Inbox,
  letterId: string,
): Promise<WholeDeadLetter | undefined> {
  const { rows } = await sql<ShownRow & { data: unknown }>`
    SELECT ${shownColumns}, data FROM ${tableOf(inbox, 'dead_letters')}
    WHERE id = ${letterId} AND group_name = ${inbox.group}`.execute(db)
  const [row] = rows
  return row === undefined ? undefined : { ...toShown(row), data: row.data }
}

/** Returns the ids of the letters that stand first in their order, those of one topic, by id. */
export async function listFirstLetters(
  db: Kysely<unknown>,
  inbox: Inbox,
  { topic, after, limit }: { topic: string; after: string | undefined; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM (
      SELECT DISTINCT ON (key) key, id FROM ${tableOf(inbox, 'dead_letters')}
      WHERE group_name = ${inbox.group} AND topic = ${topic} ORDER BY key, position
    ) AS first
    WHERE ${after ?? null}::uuid IS NULL OR id > ${after ?? null}::uuid
    ORDER BY id LIMIT ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

const errorLengthMax = 2000

/** Returns why a letter could not be applied, as it may be shown: short, and without what looks like a secret. */
export function toShownError(error: string): string {
  return redactText(error).slice(0, errorLengthMax).toWellFormed()
}

function toShown({ letter_id, put_aside_at, time, error, ...row }: ShownRow): DeadLetter {
  return {
    ...row,
    letterId: letter_id,
    time: time.toISOString(),
    error: error === null ? null : toShownError(error),
    putAsideAt: put_aside_at.toISOString(),
  }
}
