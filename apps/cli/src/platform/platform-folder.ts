import { existsSync } from 'node:fs'
import path from 'node:path'

/** Name of the folder in which a platform keeps everything. */
export const platformFolderName = '.freehold'

/** The places in a platform's folder. */
export interface PlatformFolder {
  root: string
  /** Who runs, since when, and where it answers; there while the platform runs. */
  platformFile: string
  secretsFile: string
  postgres: string
  logs: string
  scratch: string
}

/** Returns the places in the folder. */
export function toPlatformFolder(root: string): PlatformFolder {
  return {
    root,
    platformFile: path.join(root, 'platform.json'),
    secretsFile: path.join(root, 'secrets.json'),
    postgres: path.join(root, 'postgres'),
    logs: path.join(root, 'log'),
    scratch: path.join(root, 'scratch'),
  }
}

/** Returns the folder of the platform that commands run in `from` mean: the one given, else the nearest upwards. */
export function findPlatformFolder(from: string, given: string | undefined): PlatformFolder | undefined {
  if (given !== undefined) {
    return toPlatformFolder(path.resolve(from, given))
  }
  for (let at = path.resolve(from); ; at = path.dirname(at)) {
    const folder = toPlatformFolder(path.join(at, platformFolderName))
    if (existsSync(folder.secretsFile)) {
      return folder
    }
    if (at === path.dirname(at)) {
      return undefined
    }
  }
}
