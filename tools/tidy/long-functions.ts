import type { SourceFile } from './source-files.ts'

const heads = [
  /^(\s*)(?:export )?(?:default )?(?:async )?function\b/,
  /^(\s+)(?!(?:if|for|while|switch|catch|return|await|else|function|describe|it|expect)\b)(?:(?:async|static|get|set|override) )*[#\w]+\([^()]*\)(?:: [^=]+)? \{$/,
  /^(\s*)(?!.*\bdescribe(?:\.\w+(?:\(.*\))?)*\().*=> \{$/,
]

/**
 * Returns `file:line: N lines` of each function that is longer than the limit. It goes by the indentation that the
 * formatter gives: a function ends at the first line that closes a brace where the function began.
 */
export function findLongFunctions(file: SourceFile, linesMax: number): string[] {
  const found: string[] = []
  for (const [index, line] of file.lines.entries()) {
    const head = heads.map((pattern) => pattern.exec(line)).find((match) => match !== null)
    if (head === undefined) {
      continue
    }
    const end = new RegExp(`^${head[1] ?? ''}\\}[\\]),;]*(?: as .*| satisfies .*)?$`)
    const length = file.lines.slice(index + 1).findIndex((candidate) => end.test(candidate)) + 2
    if (length > linesMax) {
      found.push(`${file.name}:${index + 1}: ${length} lines`)
    }
  }
  return found
}
