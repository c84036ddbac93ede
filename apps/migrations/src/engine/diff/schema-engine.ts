/**
 * Prisma's own schema engine, compiled to WebAssembly, in this process. Its command line would download a native binary
 * at its first command.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as wasm from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Problem, problems } from '../problem.ts'
import { createDriverFactory } from './adapt-driver.ts'

/** A file of a Prisma schema. */
export interface SchemaFile {
  path: string
  content: string
}

/** The engine, connected to one database, and how to close both. */
export interface SchemaEngine {
  engine: wasm.SchemaEngine
  close(): Promise<void>
}

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

/** Opens the engine on a database URL, for one schema file or many; unqualified names mean the schema. */
export async function openSchemaEngine(
  databaseUrl: string,
  schema: string,
  files: SchemaFile[],
): Promise<SchemaEngine> {
  loaded ??= load()
  await loaded
  const drivers = createDriverFactory(databaseUrl, schema)
  const bound = bindMigrationAwareSqlAdapterFactory(drivers.factory)
  const datamodels = files.map((file) => [file.path, file.content])
  try {
    const engine = await wasm.SchemaEngine.new({ datamodels } as never, () => {}, bound)
    return {
      engine,
      async close() {
        engine.free()
        await drivers.close()
      },
    }
  } catch (error) {
    await drivers.close()
    throw error
  }
}

/** Returns the SQL that makes the database what the schema files say; empty where it is. */
export async function diffSchema(databaseUrl: string, schema: string, files: SchemaFile[]): Promise<string> {
  const opened = await openSchemaEngine(databaseUrl, schema, files).catch(toProblem)
  try {
    const { exitCode, stdout } = await opened.engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    })
    return exitCode === 0 ? '' : (stdout ?? '')
  } catch (error) {
    return toProblem(error)
  } finally {
    await opened.close()
  }
}

/** What the engine says against a schema file is for its author; it writes for a terminal. */
function toProblem(error: unknown): never {
  const said = stripVTControlCharacters(error instanceof Error ? error.message : String(error))
  const lines = said.split('\n').map((line) => line.trimEnd())
  const first = lines.find((line) => line !== '') ?? 'it gave no reason'
  throw new Problem(
    problems.schemaFileInvalid,
    `Prisma does not understand the schema file: ${first.replace(/^error: /, '')}`,
    { lines: lines.slice(lines.indexOf(first) + 1).slice(0, 20) },
    error,
  )
}
