// Prisma's own schema engine, compiled to WebAssembly, in this process: what `prisma migrate deploy` and
// `prisma migrate status` run. Its CLI would download a native binary at its first command.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { openSchemaEngine } from '@freehold/migrations/schema-engine'
import type { DiagnoseMigrationHistoryOutput, MigrationList } from '@prisma/schema-engine-wasm'

/** Prisma's engine, connected to one database. */
export interface PrismaEngine {
  /** Applies the pending migrations of the folder, as `prisma migrate deploy` does, and returns their names. */
  applyMigrations(folder: string): Promise<string[]>
  /** Returns what `prisma migrate status` goes by: edited, failed, pending and missing migrations. */
  diagnoseMigrationHistory(folder: string): Promise<DiagnoseMigrationHistoryOutput>
  close(): Promise<void>
}

const filters = { externalTables: [], externalEnums: [] }
// The engine wants a schema, and reads no more of it here than which database it is for.
const schemaFiles = [{ path: 'schema.prisma', content: 'datasource db {\n  provider = "postgresql"\n}\n' }]

/** Opens Prisma's engine on a database URL; unqualified names mean the schema. The caller closes it. */
export async function openEngine(databaseUrl: string, schema = 'public'): Promise<PrismaEngine> {
  const { engine, close } = await openSchemaEngine(databaseUrl, schema, schemaFiles)
  return {
    async applyMigrations(folder) {
      const result = await engine.applyMigrations({ migrationsList: listMigrations(folder), filters })
      return result.appliedMigrationNames
    },
    async diagnoseMigrationHistory(folder) {
      const migrationsList = listMigrations(folder)
      return await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters })
    },
    close,
  }
}

function listMigrations(folder: string): MigrationList {
  const lockFile = path.join(folder, 'migration_lock.toml')
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(folder, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
  const migrationDirectories = names.map((name) => {
    const value = readFileSync(path.join(folder, name, 'migration.sql'), 'utf8')
    return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } }
  })
  return {
    baseDir: path.resolve(folder),
    lockfile: {
      path: 'migration_lock.toml',
      content: existsSync(lockFile) ? readFileSync(lockFile, 'utf8') : null,
    },
    shadowDbInitScript: '',
    migrationDirectories,
  }
}
