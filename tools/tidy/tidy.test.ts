// What a machine can check of the style: boundaries between the houses, sizes, names, words, dependencies.

import { describe, expect, it } from 'vitest'
import { declaredPackages, houseOf, type Import, packageOf, readImports } from './imports.ts'
import { findLongFunctions } from './long-functions.ts'
import { findLines, isCode, isTest, listSourceFiles, type PackageJson, type SourceFile } from './source-files.ts'

const fileLinesMax = 400
const functionLinesMax = 70

const files = listSourceFiles()
const code = files.filter(isCode)
const imports = code.flatMap(readImports)
const tests = new Set(files.filter(isTest).map((file) => file.name))
const packages = new Map<string, PackageJson>(
  files
    .filter((file) => /(?:^|\/)package\.json$/.test(file.name))
    .map((file) => [file.name.replace(/\/?package\.json$/, ''), JSON.parse(file.text) as PackageJson]),
)
const houseOfPackage = new Map([...packages].map(([house, { name }]) => [name, house]))
const where = ({ from, line, specifier }: Import): string => `${from}:${line}: imports ${specifier}`
const notHere = (...names: string[]): SourceFile[] => files.filter((file) => !names.includes(file.name))

describe('boundaries', () => {
  /** The house whose code an import brings in; undefined for packages from npm. */
  const broughtFrom = (each: Import): string | undefined =>
    each.target === undefined ? houseOfPackage.get(packageOf(each.specifier) ?? '') : houseOf(each.target)

  /** Tests, examples and benchmarks may ask what tools/ brings for them: pg_dump, Prisma's engine. */
  const isWitness = ({ from, target }: Import): boolean =>
    target?.startsWith('tools/') === true && (tests.has(from) || /^(?:examples|benchmarks)\//.test(from))

  it('lets no relative import leave its house, but for witnesses', () => {
    const leaving = imports.filter(
      (each) => each.target !== undefined && houseOf(each.target) !== houseOf(each.from) && !isWitness(each),
    )
    // The launcher runs before npm has linked any package.
    expect(leaving.filter(({ from }) => from !== 'tools/launch.js').map(where)).toEqual([])
  })

  it('lets only the command line import another app, and no library import any', () => {
    const wrong = imports.filter((each) => {
      const from = houseOf(each.from)
      const to = broughtFrom(each)
      const isBound = from.startsWith('libs/') || (from.startsWith('apps/') && from !== 'apps/cli')
      return isBound && to !== undefined && to !== from && !to.startsWith('libs/') && !isWitness(each)
    })
    expect(wrong.map(where)).toEqual([])
  })

  it('lets a contract know zod and the words of all contracts, and nothing that reads or writes', () => {
    const allowed = ['zod', '@freehold/contracts-base']
    const wrong = imports.filter(
      ({ from, specifier, target }) =>
        from.startsWith('libs/contracts/') && !tests.has(from) && target === undefined && !allowed.includes(specifier),
    )
    expect(wrong.map(where)).toEqual([])
  })

  it('lets the ground of all services know no contract of one of them', () => {
    const grounds = ['libs/service', 'libs/postgres', 'libs/contracts/base']
    const wrong = imports.filter((each) => {
      const [from, to] = [houseOf(each.from), broughtFrom(each)]
      return grounds.includes(from) && to !== undefined && to !== from && !grounds.includes(to) && !isWitness(each)
    })
    expect(wrong.map(where)).toEqual([])
  })

  const engine = 'apps/migrations/src/engine/'

  it('keeps the engine free of what serves requests and carries events', () => {
    const foreign = /^(?:fastify|@fastify|kafkajs|@platformatic|kysely|pg-boss)(?:\/|$)/
    const wrong = imports.filter(
      ({ from, specifier, target }) =>
        from.startsWith(engine) && (foreign.test(specifier) || (target !== undefined && !target.startsWith(engine))),
    )
    expect(wrong.map(where)).toEqual([])
  })

  it('lets planning know nothing of running', () => {
    const wrong = imports.filter(
      ({ from, specifier, target }) =>
        from.startsWith(`${engine}plan/`) &&
        (target?.startsWith(`${engine}run/`) === true || specifier.startsWith('#engine/run/')),
    )
    expect(wrong.map(where)).toEqual([])
  })

  it('finds each imported package in the package.json of its house, or for tests and tools in the root’s', () => {
    const rootPackages = declaredPackages(packages.get('') as PackageJson)
    const undeclared = imports.filter((each) => {
      const name = packageOf(each.specifier)
      const own = packages.get(houseOf(each.from))
      if (name === undefined || own?.name === name) {
        return false
      }
      const declared = own === undefined ? [...rootPackages, ...houseOfPackage.keys()] : declaredPackages(own)
      return !declared.includes(name) && !(tests.has(each.from) && rootPackages.includes(name))
    })
    expect(undeclared.map(where)).toEqual([])
  })
})

describe('sizes', () => {
  it(`keeps every file within ${fileLinesMax} lines`, () => {
    // A final newline is not a line of its own.
    const lengths = code.map((file) => [file.name, file.lines.length - 1] as const)
    expect(lengths.filter(([, length]) => length > fileLinesMax)).toEqual([])
  })

  it(`keeps every function within ${functionLinesMax} lines`, () => {
    expect(code.flatMap((file) => findLongFunctions(file, functionLinesMax))).toEqual([])
  })
})

describe('names and words', () => {
  it('names code and pages in kebab-case', () => {
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/
    const component = /^[A-Z][A-Za-z0-9]*(?:\.test)?\.tsx$/
    // Pages at the root have the names that people look for.
    const known = /^(?:README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|RESULTS|SECURITY)\.md$/
    const wrong = files
      .filter(({ name }) => /\.(?:ts|tsx|js|mjs|md)$/.test(name))
      .filter(({ name }) => {
        const folders = name.split('/')
        const base = folders.pop() ?? ''
        const isBaseFine = kebab.test(base) || component.test(base) || known.test(base)
        return !isBaseFine || !folders.every((folder) => kebab.test(folder.replace(/^\./, '')))
      })
    expect(wrong.map(({ name }) => name)).toEqual([])
  })

  const self = 'tools/tidy/tidy.test.ts'

  it('holds no notes to be dealt with later', () => {
    expect(findLines(notHere('package-lock.json', self), /\b(?:FIXME|XXX|HACK|TODO)\b/)).toEqual([])
  })

  it('holds no code that is commented out', () => {
    const commentedOut =
      /^\s*\/\/ ?(?:(?:const|let|var) [\w{[].* = |import .* from '|export (?:const|function) |return .*[;)]$|if \(.*\) \{$|\}(?: else \{)?$)/
    expect(findLines(code, commentedOut)).toEqual([])
  })

  it('leaves out no test for good and runs none alone', () => {
    const testFiles = code.filter((file) => file.name !== self && /\.test\.tsx?$/.test(file.name))
    expect(findLines(testFiles, /\b(?:it|test|describe)(?:\.\w+)*\.(?:only|skip|todo)\b/)).toEqual([])
  })

  it('waits in no test for a length of time', () => {
    const testFiles = code.filter((file) => file.name !== self && /\.test\.tsx?$/.test(file.name))
    expect(findLines(testFiles, /\bsleep\(\d|\bsetTimeout\((?:resolve|done|r)\b|timers\/promises/)).toEqual([])
  })

  it('names no registry and no folder of one machine', () => {
    const registry =
      /\b(?:registry|npm|pypi|proxy|mirror|artifactory|nexus)\.[a-z0-9-]+\.(?:com|org|net|io|dev|cloud|internal|local)\b/
    const folder = /(?:^|[\s'"`(=])\/(?:work|root|home\/[a-z])\//
    const checked = notHere('package-lock.json', self)
    expect([...findLines(checked, registry), ...findLines(checked, folder)]).toEqual([])
  })
})

describe('dependencies', () => {
  const isOwn = (name: string): boolean => name.startsWith('@freehold/')
  const entries = [...packages].flatMap(([house, { dependencies, optionalDependencies, devDependencies }]) =>
    Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).map(([name, version]) => ({
      house,
      name,
      version,
    })),
  )

  it('pins every version exactly, and the same one everywhere', () => {
    const loose = entries.filter(({ version }) => !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version))
    expect(loose).toEqual([])
    const versions = Map.groupBy(entries, ({ name }) => name)
    const split = [...versions].filter(([, each]) => new Set(each.map(({ version }) => version)).size > 1)
    expect(split.map(([name]) => name)).toEqual([])
    expect(new Set([...packages.values()].map(({ version }) => version)).size).toBe(1)
  })

  it('gives a reason for each in docs/dependencies.md, and for no other', () => {
    const page = files.find(({ name }) => name === 'docs/dependencies.md')?.text ?? ''
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    const explained = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    )
    const named = new Set(entries.map(({ name }) => name).filter((name) => !isOwn(name)))
    expect([...new Set(explained)].sort()).toEqual([...named].sort())
  })
})
