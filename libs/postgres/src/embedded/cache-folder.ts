import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import path from 'node:path'

/**
 * Returns the folder in which Freehold keeps what it can make again (server binaries, initialised clusters):
 * FREEHOLD_CACHE_DIR, else the user's cache folder, else a folder of the user's own under the system's temporary one.
 */
export function cacheFolder(): string {
  const wanted =
    process.env['FREEHOLD_CACHE_DIR'] ??
    path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'freehold')
  try {
    mkdirSync(wanted, { recursive: true })
    accessSync(wanted, constants.W_OK)
    return wanted
  } catch {
    const fallback = path.join(tmpdir(), `freehold-cache-${userInfo().uid}`)
    mkdirSync(fallback, { recursive: true, mode: 0o700 })
    return fallback
  }
}
