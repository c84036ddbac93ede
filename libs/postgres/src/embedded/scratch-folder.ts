import { access, constants, statfs } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'

const sharedMemory = '/dev/shm'
// A throw-away server takes 50 to 500 MB; a container has 64 MB there, and a small machine needs its memory itself.
const freeBytesMin = 4 * 1024 ** 3

/**
 * Returns the folder for data that may be lost: in memory where there is much of it, for a cluster is a thousand small
 * files that are written, copied and removed; else the temporary folder, and always that one if TMPDIR names it.
 */
export async function findScratchFolder(): Promise<string> {
  if (process.env['TMPDIR'] !== undefined || freemem() < freeBytesMin) {
    return tmpdir()
  }
  try {
    await access(sharedMemory, constants.W_OK)
    const { bavail, bsize } = await statfs(sharedMemory)
    return bavail * bsize < freeBytesMin ? tmpdir() : sharedMemory
  } catch {
    // Not Linux, or not mounted.
    return tmpdir()
  }
}
