// Prisma's own schema engine, compiled to WebAssembly, in this process: what `prisma migrate deploy` and
// `prisma migrate status` run. Its CLI would download a native binary at its first command.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { DiagnoseMigrationHistoryOutput, MigrationList } from '@prisma/schema-engine-wasm'
import * as wasm from '@prisma/schema-engine-wasm/schema_engine_bg'
import { createDriverFactory } from './adapt-driver.ts'

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
const datamodels = [['schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n']]

/** The one function of the global that is used; Node's types declare the namespace without its values. */
const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly

interface WebAssemblyGlobal {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

let loaded: Promise<void> | undefined

async function load(): Promise<void> {
  // The engine reports a panic through this global; without it a panic ends in a TypeError that tells nothing.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        process.stderr.write(`Prisma's schema engine panicked: ${message}\n`)
      },
    },
  })
  const file = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const bytes = readFileSync(path.join(path.dirname(file), 'schema_engine_bg.wasm'))
  const { instance } = await webAssembly.instantiate(bytes, { './schema_engine_bg.js': wasm })
  wasm.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
}

/** Opens Prisma's engine on a database URL; unqualified names mean the schema. The caller closes it. */
export async function openEngine(databaseUrl: string, schema = 'public'): Promise<PrismaEngine> {
  loaded ??= load()
  await loaded
  const drivers = createDriverFactory(databaseUrl, schema)
  const bound = bindMigrationAwareSqlAdapterFactory(drivers.factory)
  const engine = await wasm.SchemaEngine.new({ datamodels } as never, () => {}, bound)
  return {
    async applyMigrations(folder) {
      const result = await engine.applyMigrations({ migrationsList: listMigrations(folder), filters })
      return result.appliedMigrationNames
    },
    async diagnoseMigrationHistory(folder) {
      const migrationsList = listMigrations(folder)
      return await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters })
    },
    async close() {
      engine.free()
      await drivers.close()
    },
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
