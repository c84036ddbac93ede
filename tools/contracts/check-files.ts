import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { renderCatalogPage } from './catalog-page.ts'
import { makeContractFiles } from './contract-files.ts'
import { findBreaking } from './find-breaking.ts'

export const root = path.resolve(import.meta.dirname, '../..')

/** Returns every generated file for the version that the repository has now, with its text. */
export function renderFiles(): { path: string; text: string }[] {
  const documents = makeContractFiles(currentVersion()).map(({ path: name, document }) => ({
    path: name,
    text: `${JSON.stringify(document, null, 2)}\n`,
  }))
  return [...documents, { path: 'docs/reference/catalog.md', text: renderCatalogPage() }]
}

/** Returns which files on disk are not what the schemas give. */
export function findStale(): string[] {
  return renderFiles()
    .filter(({ path: name, text }) => {
      const place = path.join(root, name)
      return !existsSync(place) || readFileSync(place, 'utf8') !== text
    })
    .map(({ path: name }) => `${name} is not what the schemas give: run node tools/contracts/main.ts`)
}

/** Returns what breaks those who keep to the contract that git has under the same version. */
export function findBroken(): string[] {
  return makeContractFiles(currentVersion()).flatMap((file) => {
    const earlier = readCommitted(file.path)
    return earlier === undefined || versionOf(earlier) !== versionOf(file.document)
      ? []
      : findBreaking(file, earlier).map((finding) => `${file.path}${finding}`)
  })
}

function currentVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version
}

/** Returns the document as the release of this version has it, before that as git has it; undefined when it is new. */
function readCommitted(name: string): Record<string, unknown> | undefined {
  for (const revision of [`v${currentVersion()}`, 'HEAD']) {
    try {
      const git = ['-c', 'safe.directory=*', 'show', `${revision}:${name}`]
      const text = execFileSync('git', git, { cwd: root, encoding: 'utf8', stdio: 'pipe', maxBuffer: 64 * 1024 * 1024 })
      return JSON.parse(text) as Record<string, unknown>
    } catch {
      // The revision is not there, or does not have the file yet.
    }
  }
  return undefined
}

/** OpenAPI documents carry their version; the others are of the version of the whole. */
function versionOf(document: Record<string, unknown>): string | undefined {
  return (document['info'] as { version?: string } | undefined)?.version
}
