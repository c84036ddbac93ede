import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ServiceId, StrategyFile, toStrategy } from '@freehold/contracts-catalog'
import { Problem } from '@freehold/migrations/problem'
import { parse } from 'yaml'
import { cliProblems } from '../cli-problems.ts'
import type { FoundPlatform } from './find-platform.ts'
import { platformProblems } from './platform-problems.ts'

export const strategyFileName = 'freehold.yaml'

/** A service as its folder describes it. */
export interface ServiceFolder {
  folder: string
  serviceId: string
  /** The text of freehold.yaml; empty where there is none, which means every default. */
  text: string
  file: StrategyFile
  strategy: ReturnType<typeof toStrategy>
}

/** Reads the folder of a service; the platform says what is wrong with its freehold.yaml, line by line. */
export async function readServiceFolder(
  { catalog }: Pick<FoundPlatform, 'catalog'>,
  folder: string,
  givenName: string | undefined,
): Promise<ServiceFolder> {
  const text = await readStrategyText(folder)
  const { faults } = await catalog.checkStrategy({ body: { text } })
  if (faults.length > 0) {
    const lines = faults.map(({ line, column, detail }) => `${strategyFileName}:${line}:${column}  ${detail}`)
    throw new Problem(platformProblems.fileInvalid, `${strategyFileName} of ${folder} is not valid`, { lines })
  }
  const file = StrategyFile.parse(parse(text) ?? {})
  return { folder, text, file, strategy: toStrategy(file), serviceId: nameOf(folder, file, givenName) }
}

async function readStrategyText(folder: string): Promise<string> {
  try {
    return await readFile(path.join(folder, strategyFileName), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return ''
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem(cliProblems.fileNotRead, `${strategyFileName} cannot be read: ${reason}`, {}, error)
  }
}

function nameOf(folder: string, file: StrategyFile, given: string | undefined): string {
  const name = given ?? file.name ?? path.basename(folder)
  if (!ServiceId.safeParse(name).success) {
    throw new Problem(platformProblems.nameMissing, `${JSON.stringify(name)} cannot be the name of a service`)
  }
  return name
}

/** Returns the JSON document of a contract that the folder names. */
export async function readContract(folder: string, file: string): Promise<Record<string, unknown>> {
  try {
    const content: unknown = parse(await readFile(path.join(folder, file), 'utf8'))
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw new Error('it is neither a JSON nor a YAML object')
    }
    return content as Record<string, unknown>
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem(cliProblems.fileNotRead, `the contract ${file} cannot be read: ${reason}`, {}, error)
  }
}

/** Returns the revision in git of the folder, undefined where it is in none. */
export async function findRevision(folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder })
    return stdout.trim()
  } catch {
    // No git, no repository, or one without a commit: all the same here.
    return undefined
  }
}
