// What an earlier server may have left in a data folder. Two servers on one folder destroy it, so the file that names the
// earlier one is not believed and not removed blindly: the system is asked what that process is.

import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

// A server whose process was killed ends within moments; one that writes a large checkpoint takes longer.
const patienceMs = 30_000

/** Returns the process that the folder's pid file names; NaN where there is none. */
export async function readServerPid(folder: string): Promise<number> {
  return Number.parseInt(await readFile(pidFileOf(folder), 'utf8').catch(() => ''), 10)
}

/** Ends the server on the folder if it is still the process named; returns when it has ended. */
export async function endServer(folder: string, pid: number): Promise<void> {
  if (pid > 0 && (await readServerPid(folder)) === pid && isAlive(pid) && (await isServerOf(pid, folder))) {
    process.kill(pid, 'SIGINT')
    await awaitEndOfServer(folder)
  }
}

function pidFileOf(folder: string): string {
  return path.join(folder, 'postmaster.pid')
}

/** Returns when no server runs on the folder; throws when one goes on running. */
export async function awaitEndOfServer(folder: string): Promise<void> {
  const deadlineAt = Date.now() + patienceMs
  for (;;) {
    const pid = await readServerPid(folder)
    if (!(pid > 0) || !isAlive(pid)) {
      // The file stays: by it Postgres finds sessions of the dead server that still use its memory.
      return
    }
    if (!(await isServerOf(pid, folder))) {
      await rm(pidFileOf(folder), { force: true })
      return
    }
    if (Date.now() > deadlineAt) {
      throw new Error(`another Postgres server, process ${pid}, runs on ${folder}`)
    }
    await sleep(50)
  }
}

/** Returns a function that waits a little, and says whether the start failed because of sessions that are about to end. */
export function createAttachment(): (error: unknown) => Promise<boolean> {
  const deadlineAt = Date.now() + patienceMs
  return async (error) => {
    const isAttached = error instanceof Error && error.message.includes('pre-existing shared memory block')
    if (!isAttached || Date.now() > deadlineAt) {
      return false
    }
    await sleep(100)
    return true
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A process number is used again sooner or later, and a dead process that nobody waited for keeps its own. */
async function isServerOf(pid: number, folder: string): Promise<boolean> {
  const command =
    process.platform === 'linux'
      ? (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
      : await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).then(
          ({ stdout }) => stdout,
          () => '',
        )
  return command.includes(`-D ${folder}`)
}
