import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** One text file of the repository. */
export interface SourceFile {
  /** From the root, with forward slashes. */
  name: string
  text: string
  lines: string[]
}

/** The fields of a package.json that the checks read. */
export interface PackageJson {
  name: string
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

const root = path.resolve(import.meta.dirname, '../..')
const textFile =
  /\.(?:ts|tsx|js|mjs|json|jsonc|md|sql|toml|prisma|yml|yaml|sh)$|(?:^|\/)(?:\.ci\/run|\.gitignore|\.npmrc)$/

/** Returns the text files that git tracks or would track. */
export function listSourceFiles(): SourceFile[] {
  // A clone may belong to another account than the one that runs the tests.
  const git = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', git, { cwd: root, encoding: 'utf8' }).split('\0')
  return [...new Set(names)]
    .filter((name) => textFile.test(name) && existsSync(path.join(root, name)))
    .sort()
    .map((name) => {
      const text = readFileSync(path.join(root, name), 'utf8')
      return { name, text, lines: text.split('\n') }
    })
}

/** Tells whether the file is code that people write. */
export function isCode(file: SourceFile): boolean {
  return /\.(?:ts|tsx|js|mjs)$/.test(file.name)
}

/** Tells whether the file belongs to tests only. */
export function isTest(file: SourceFile): boolean {
  return /\.test\.tsx?$|(?:^|\/)(?:test|testing)\//.test(file.name)
}

/** Returns `file:line: text` of each line that matches. */
export function findLines(files: SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.lines.flatMap((line, index) => (pattern.test(line) ? [`${file.name}:${index + 1}: ${line.trim()}`] : [])),
  )
}
