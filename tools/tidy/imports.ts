import path from 'node:path'
import type { PackageJson, SourceFile } from './source-files.ts'

/** What a file imports. */
export interface Import {
  from: string
  line: number
  specifier: string
  /** The file meant by a relative specifier, from the root; undefined for packages. */
  target: string | undefined
}

// The formatter begins each import and export at the start of a line, and ends a long one with `} from`.
const specifiers = /^(?:(?:import|export|\})[^'\n]* from|import) '([^'\n]+)'|\bimport\('([^'\n]+)'\)/gm

/** Returns the imports of a file, static and dynamic. */
export function readImports(file: SourceFile): Import[] {
  return [...file.text.matchAll(specifiers)].map((match) => {
    const specifier = match[1] ?? match[2] ?? ''
    const isRelative = specifier.startsWith('.')
    return {
      from: file.name,
      line: file.text.slice(0, match.index).split('\n').length,
      specifier,
      target: isRelative ? path.posix.join(path.posix.dirname(file.name), specifier) : undefined,
    }
  })
}

/** Returns the house a file lives in: `apps/cli`, `libs/contracts/catalog`, `examples/shop`, or its top folder. */
export function houseOf(name: string): string {
  const [top = '', second = '', third = ''] = name.split('/')
  if (top === 'libs' && second === 'contracts') {
    return `${top}/${second}/${third}`
  }
  return ['apps', 'libs', 'examples'].includes(top) ? `${top}/${second}` : top
}

/** Returns the package that a specifier names, without a path inside it; undefined for files and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|#|node:)/.test(specifier)) {
    return undefined
  }
  const [scope = '', name = ''] = specifier.split('/')
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}

/** Returns every package that a package.json names. */
export function declaredPackages(packageJson: PackageJson): string[] {
  const { dependencies, optionalDependencies, devDependencies } = packageJson
  return Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
}
