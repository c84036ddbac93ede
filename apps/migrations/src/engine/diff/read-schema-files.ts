import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { Problem, problems } from '../problem.ts'
import type { SchemaFile } from './schema-engine.ts'

/** Returns the Prisma schema, which is one file or a folder of them. Throws a Problem where there is none. */
export async function readSchemaFiles(place: string): Promise<SchemaFile[]> {
  const found = await stat(place).catch((error: unknown) => {
    throw new Problem(problems.schemaFileMissing, `the Prisma schema ${place} does not exist`, {}, error)
  })
  const names = found.isDirectory() ? (await readdir(place, { recursive: true })).sort() : ['']
  const files = names.map((name) => path.join(place, name)).filter((file) => file.endsWith('.prisma'))
  if (files.length === 0) {
    throw new Problem(problems.schemaFileMissing, `${place} is no file that ends with .prisma and holds none`)
  }
  return await Promise.all(files.map(async (file) => ({ path: file, content: await readFile(file, 'utf8') })))
}
