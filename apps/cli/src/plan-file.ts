import { constants } from 'node:fs'
import { access, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Plan } from '@freehold/migrations/engine'
import { Problem, problems } from '@freehold/migrations/problem'
import { cliProblems } from './cli-problems.ts'

/** Throws a Problem where a file could not be written there, before the work that is to fill it. */
export async function checkPlanFile(folder: string, path: string): Promise<void> {
  const file = resolve(folder, path)
  try {
    await access(dirname(file), constants.W_OK)
    const found = await stat(file).catch(() => undefined)
    if (found?.isDirectory() === true) {
      throw new Error('it is a folder')
    }
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** Writes the document that `plan --json` prints and `deploy --plan` reads. */
export async function writePlanFile(folder: string, path: string, document: unknown): Promise<void> {
  try {
    await writeFile(resolve(folder, path), `${JSON.stringify(document, null, 2)}\n`)
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** Reads the plan of such a document, or one that stands alone; null where nothing was pending when it was made. */
export async function readPlanFile(folder: string, path: string): Promise<Plan | null> {
  let text: string
  try {
    text = await readFile(resolve(folder, path), 'utf8')
  } catch (error) {
    throw new Problem(cliProblems.fileNotRead, `the plan ${path} cannot be read: ${reasonOf(error)}`, {}, error)
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new Problem(problems.planInvalid, `${path} is not JSON: ${reasonOf(error)}`, {}, error)
  }
  if (typeof content !== 'object' || content === null || !('plan' in content)) {
    return toPlan(path, content)
  }
  const isOfNothing = content.plan === null && 'outcome' in content && content.outcome === 'nothingPending'
  return isOfNothing ? null : toPlan(path, content.plan)
}

async function toPlan(path: string, content: unknown): Promise<Plan> {
  const { planDocument, planFormatVersion } = await import('./documents/plan.ts')
  const version =
    typeof content === 'object' && content !== null && 'formatVersion' in content ? content.formatVersion : undefined
  if (typeof version === 'number' && version !== planFormatVersion) {
    throw new Problem(
      problems.planInvalid,
      `${path} is a plan of format version ${version}; this Freehold reads version ${planFormatVersion}`,
    )
  }
  const parsed = planDocument.safeParse(content)
  if (!parsed.success) {
    // Ten places are enough to see what kind of file it is.
    const lines = parsed.error.issues
      .slice(0, 10)
      .map((issue) => `${issue.path.join('.') || 'document'}: ${issue.message}`)
    throw new Problem(problems.planInvalid, `${path} is not a plan`, { lines }, parsed.error)
  }
  return parsed.data
}

function notWritten(path: string, error: unknown): Problem {
  return new Problem(cliProblems.fileNotWritten, `the plan cannot be written to ${path}: ${reasonOf(error)}`, {}, error)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
