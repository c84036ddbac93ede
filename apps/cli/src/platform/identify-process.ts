import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Returns what tells the process from every other that has had or will have its number: when it was started, in which
 * run of the machine. Undefined where no such process lives.
 */
export async function identifyProcess(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? await identifyByProc(pid) : await identifyByPs(pid)
}

async function identifyByProc(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The name of the program, in brackets, may hold anything; proc_pid_stat(5) counts from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    const startTicks = fields[19]
    // A process that ended and that nobody waited for is still listed.
    return state === 'Z' || state === 'X' ? undefined : `${boot.trim()} ${startTicks}`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') {
      return undefined
    }
    throw error
  }
}

async function identifyByPs(pid: number): Promise<string | undefined> {
  const result = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  const startedAt = result.stdout.trim()
  return startedAt === '' ? undefined : startedAt
}
