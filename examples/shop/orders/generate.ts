import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'

export type Version = 1 | 2

/** Returns the folder of a version of the orders service. */
export function versionFolder(version: Version): string {
  return path.join(import.meta.dirname, String(version))
}

/** Generates the Prisma Clients of both versions where they are missing or older than the schema. Needs no network. */
export async function generateClients(): Promise<void> {
  await Promise.all(([1, 2] as const).map(generateClient))
}

async function generateClient(version: Version): Promise<void> {
  const folder = versionFolder(version)
  const client = path.join(folder, 'generated', 'client.ts')
  const schema = path.join(folder, 'prisma', 'schema.prisma')
  if (existsSync(client) && statSync(client).mtimeMs > statSync(schema).mtimeMs) {
    return
  }
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json')
  await promisify(execFile)(process.execPath, [path.join(path.dirname(manifest), 'build', 'index.js'), 'generate'], {
    cwd: folder,
    env: {
      ...process.env,
      // Prisma's CLI would download its native engine, which generating does not use: any executable will do.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
    },
  })
}
