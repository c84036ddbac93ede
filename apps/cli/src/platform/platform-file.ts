// platform.json says who runs and where it answers. It may be left over from a process that was killed, so whoever reads
// it asks the system whether that process lives.

import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { Problem } from '@freehold/migrations/problem'
import { z } from 'zod'
import { identifyProcess } from './identify-process.ts'
import type { PlatformFolder } from './platform-folder.ts'
import { platformProblems } from './platform-problems.ts'
import { writeDurably } from './write-durably.ts'

export const PlatformFile = z.object({
  formatVersion: z.literal(1),
  pid: z.int(),
  /** Tells the process from a later one with the same number. */
  process: z.string(),
  startedAt: z.string(),
  version: z.string(),
  /** Where each part answers, by name; empty until the platform is ready. */
  urls: z.record(z.string(), z.string()),
})
export type PlatformFile = z.output<typeof PlatformFile>

/** Returns what the file says if the process that it names lives, else undefined. */
export async function readPlatformFile(folder: PlatformFolder): Promise<PlatformFile | undefined> {
  const found = await readAsWritten(folder)
  return found !== undefined && (await identifyProcess(found.pid)) === found.process ? found : undefined
}

async function readAsWritten({ platformFile }: PlatformFolder): Promise<PlatformFile | undefined> {
  try {
    return PlatformFile.parse(JSON.parse(await readFile(platformFile, 'utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      return undefined
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}

/** A platform's hold on its folder. */
export interface Claim {
  /** Tells others where the platform answers. */
  publish(urls: Record<string, string>): Promise<void>
  release(): Promise<void>
}

/** Makes this process the one that runs the platform of the folder; throws a Problem if another does. */
export async function claimFolder(folder: PlatformFolder, version: string): Promise<Claim> {
  const own: PlatformFile = {
    formatVersion: 1,
    pid: process.pid,
    process: (await identifyProcess(process.pid)) ?? '',
    startedAt: new Date().toISOString(),
    version,
    urls: {},
  }
  const toText = (file: PlatformFile): string => `${JSON.stringify(file, null, 2)}\n`
  while (!(await createFile(folder.platformFile, toText(own)))) {
    const other = await readPlatformFile(folder)
    if (other !== undefined) {
      const url = other.urls['platform']
      const where = url === undefined ? 'is starting' : `answers at ${url}`
      throw new Problem(
        platformProblems.runsAlready,
        `a platform runs in ${folder.root} already: process ${other.pid} ${where}`,
      )
    }
    // Two that find it stale at the same moment may both go on: Postgres then gives its data to one of them only.
    await rename(folder.platformFile, `${folder.platformFile}.stale`).catch(() => {})
  }
  await rm(`${folder.platformFile}.stale`, { force: true })
  return {
    publish: async (urls) => await writeDurably(folder.platformFile, toText({ ...own, urls })),
    release: async () => await rm(folder.platformFile, { force: true }),
  }
}

/** Makes the file whole, so that nobody reads half of it; returns false where it is there already. */
async function createFile(file: string, text: string): Promise<boolean> {
  const staged = `${file}.${process.pid}`
  await writeFile(staged, text, { mode: 0o600 })
  try {
    await link(staged, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false
    }
    throw error
  } finally {
    await rm(staged, { force: true })
  }
}
