import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync } from 'node:fs'
import { mkdir, readlink, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Problem } from '@freehold/migrations/problem'
import { type PlatformFolder, toPlatformFolder } from '../platform-folder.ts'
import { platformProblems } from '../platform-problems.ts'

// Root's Postgres runs under another account, which reaches nothing below a closed folder such as /root.
const openFolder = '/var/lib/freehold'

/** Makes the platform's folder where it is missing; throws a Problem where it cannot be used. */
export async function makeFolder(root: string): Promise<PlatformFolder> {
  const folder = toPlatformFolder(root)
  try {
    await mkdir(root, { recursive: true })
    // Others may pass through it, for the server under its own account, and see nothing.
    chmodSync(root, 0o711)
    await mkdir(folder.logs, { recursive: true, mode: 0o700 })
    const ignored = path.join(root, '.gitignore')
    if (!existsSync(ignored)) {
      await writeFile(ignored, '*\n')
    }
    return toPlatformFolder(await realpath(root))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem(platformProblems.folderUnusable, `${root} cannot be used: ${reason}`, {}, error)
  }
}

/** Returns where the server's data are: in the platform's folder, or behind a link in it where the server cannot get there. */
export async function findDataFolder({ root, postgres }: PlatformFolder): Promise<string> {
  const linked = await readlink(postgres).catch(() => undefined)
  if (linked !== undefined || existsSync(postgres)) {
    return linked ?? postgres
  }
  if (process.getuid?.() !== 0 || (await isOpenToAll(root))) {
    return postgres
  }
  await mkdir(openFolder, { recursive: true, mode: 0o711 })
  const target = path.join(openFolder, randomBytes(8).toString('hex'))
  await mkdir(target, { mode: 0o711 })
  const data = path.join(await realpath(target), 'postgres')
  await symlink(data, postgres)
  return data
}

async function isOpenToAll(folder: string): Promise<boolean> {
  for (let at = folder; ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) {
      return false
    }
    if (at === path.dirname(at)) {
      return true
    }
  }
}
