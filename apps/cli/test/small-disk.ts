import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Server } from '@freehold/postgres/embedded'

/** A disk of its own in memory, which can be filled up to the last bytes. */
export interface SmallDisk {
  /** Makes a folder on the disk that the server may write to. */
  makeFolder(server: Server): string
  /** Leaves so many bytes. */
  fill(leave: number): void
  /** Takes out what filled it. */
  makeRoom(): void
  remove(): void
}

/** Mounts the disk; undefined where this account may not mount any. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-disk-'))
  chmodSync(folder, 0o755)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    // No right to mount, or no such command.
    rmdirSync(folder)
    return undefined
  }
  const ballast = path.join(folder, 'ballast')
  return {
    makeFolder(server) {
      const made = path.join(folder, 'tablespace')
      const { uid, gid } = statSync(server.folder)
      mkdirSync(made)
      chownSync(made, uid, gid)
      return made
    },
    fill(leave) {
      // Piece by piece, for the server writes at the same time.
      const piece = Buffer.alloc(32_768)
      for (;;) {
        const { bavail, bsize } = statfsSync(folder)
        if (bavail * bsize < leave + piece.length) {
          return
        }
        appendFileSync(ballast, piece)
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', [folder])
      rmdirSync(folder)
    },
  }
}
