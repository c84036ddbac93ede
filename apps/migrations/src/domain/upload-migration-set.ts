import { createHash } from 'node:crypto'
import { type MigrationFile, migrationSetBytesMax, migrationsErrors } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { keepMigrationSet } from '../store/migration-sets.ts'
import type { Store } from '../store/schema.ts'

/** Keeps the migrations by content, in the order in which Prisma would run them. */
export async function uploadMigrationSet(
  store: Store,
  input: { service: string; migrations: MigrationFile[]; createdBy: string },
) {
  // The order of the engine's own reader of folders.
  const files = [...input.migrations].sort((one, other) => one.id.localeCompare(other.id, 'en'))
  const bytes = files.reduce((sum, { sql }) => sum + Buffer.byteLength(sql), 0)
  const errors = findFaults(files)
  if (bytes > migrationSetBytesMax) {
    errors.push({ pointer: '/body/migrations', detail: `has ${bytes} bytes; a set may have ${migrationSetBytesMax}` })
  }
  if (errors.length > 0) {
    throw new Problem(migrationsErrors.migrationSetInvalid, { errors: errors.slice(0, 20) })
  }
  return await keepMigrationSet(store, { service: input.service, files, bytes, createdBy: input.createdBy })
}

function findFaults(files: MigrationFile[]): { pointer: string; detail: string }[] {
  const seen = new Set<string>()
  return files.flatMap(({ id, sql, checksum }) => {
    const faults: string[] = []
    // On some disks names that differ in case only are one folder.
    if (seen.has(id.toLowerCase())) {
      faults.push('is there twice')
    }
    seen.add(id.toLowerCase())
    if (createHash('sha256').update(sql).digest('hex') !== checksum) {
      faults.push('has another checksum than its content')
    }
    return faults.map((detail) => ({ pointer: '/body/migrations', detail: `${id} ${detail}` }))
  })
}
