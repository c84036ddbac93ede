import type { Client } from '@freehold/postgres'

/** How far the index that the session builds is, in blocks read or in transactions waited for; undefined when it builds none. */
export async function readIndexProgress(
  watcher: Client,
  pid: number,
): Promise<{ what: 'blocks' | 'lockers'; done: number; total: number | null } | undefined> {
  const { rows } = await watcher.query<{
    lockers_total: number
    lockers_done: number
    waits: boolean
    blocks_total: number
    blocks_done: number
  }>(
    `SELECT lockers_total::float8, lockers_done::float8, coalesce(current_locker_pid, 0) <> 0 AS waits,
            blocks_total::float8, blocks_done::float8
       FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1`,
    [pid],
  )
  const row = rows[0]
  if (row === undefined) {
    return undefined
  }
  return row.waits || row.blocks_total === 0
    ? { what: 'lockers', done: row.lockers_done, total: row.lockers_total }
    : { what: 'blocks', done: row.blocks_done, total: row.blocks_total }
}
