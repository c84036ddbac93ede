import { createHash } from 'node:crypto'
import { type MigrationFile, type MigrationSet, migrationsErrors } from '@freehold/contracts-migrations'
import { type PageRequest, Problem, parseIdCursor, toPage } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import type { Store } from './schema.ts'

/** Enters the set, or finds the one of the same content. */
export async function keepMigrationSet(
  store: Store,
  input: { service: string; files: MigrationFile[]; bytes: number; createdBy: string },
): Promise<{ set: MigrationSet; isNew: boolean }> {
  const { service, files } = input
  const contentHash = createHash('sha256')
    .update(files.map(({ id, checksum }) => `${id}\0${checksum}\n`).join(''))
    .digest('hex')
  return await store.transaction().execute(async (trx) => {
    const inserted = await trx
      .insertInto('migration_sets')
      .values({ id: uuidv7(), service, content_hash: contentHash, bytes: input.bytes, created_by: input.createdBy })
      .onConflict((conflict) => conflict.columns(['service', 'content_hash']).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (inserted !== undefined) {
      // Five parameters a row, of which a statement takes 65,535.
      for (let start = 0; start < files.length; start += 5000) {
        const rows = files.slice(start, start + 5000).map(({ id, checksum, sql }, index) => ({
          migration_set_id: inserted.id,
          position: start + index,
          migration_id: id,
          checksum,
          sql,
        }))
        await trx.insertInto('migration_files').values(rows).execute()
      }
    }
    const { id } =
      inserted ??
      (await trx
        .selectFrom('migration_sets')
        .select('id')
        .where('service', '=', service)
        .where('content_hash', '=', contentHash)
        .executeTakeFirstOrThrow())
    return { set: await getMigrationSet(trx, service, id), isNew: inserted !== undefined }
  })
}

const headColumns = ['id', 'service', 'content_hash', 'bytes', 'created_by', 'created_at'] as const

/** Returns the set without its SQL; throws the Problem migrationSetNotFound. */
export async function getMigrationSet(store: Store, service: string, id: string): Promise<MigrationSet> {
  const row = await store
    .selectFrom('migration_sets')
    .select(headColumns)
    .where('id', '=', id)
    .where('service', '=', service)
    .executeTakeFirst()
  if (row === undefined) {
    throw new Problem(migrationsErrors.migrationSetNotFound, {
      detail: `${service} has no migration set with the id ${id}`,
    })
  }
  const migrations = await store
    .selectFrom('migration_files')
    .select(['migration_id as id', 'checksum'])
    .where('migration_set_id', '=', id)
    .orderBy('position')
    .execute()
  return { ...toHead(row), migrations }
}

/** Returns the files of a set in their order. */
export async function readMigrationFiles(store: Store, id: string): Promise<MigrationFile[]> {
  return await store
    .selectFrom('migration_files')
    .select(['migration_id as id', 'sql', 'checksum'])
    .where('migration_set_id', '=', id)
    .orderBy('position')
    .execute()
}

/** Lists the service's sets, the latest first. */
export async function listMigrationSets(store: Store, service: string, page: PageRequest) {
  let query = store
    .selectFrom('migration_sets')
    .select(headColumns)
    .where('service', '=', service)
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  const cursor = parseIdCursor(page.cursor)
  if (cursor !== undefined) {
    query = query.where('id', '<', cursor)
  }
  return toPage(await query.execute(), page.limit, ({ id }) => id, toHead)
}

interface HeadRow {
  id: string
  service: string
  content_hash: string
  bytes: number
  created_by: string
  created_at: Date
}

function toHead(row: HeadRow): Omit<MigrationSet, 'migrations'> {
  return {
    id: row.id,
    service: row.service,
    contentHash: row.content_hash,
    bytes: row.bytes,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
  }
}
