/** Finds the migrations folder where Prisma would: through prisma.config, package.json, or beside the schema. */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { Problem, problems } from '../problem.ts'

const extensions = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
const configFiles = [
  ...extensions.map((extension) => `prisma.config.${extension}`),
  ...extensions.map((extension) => `.config/prisma.${extension}`),
]

/** Returns the migrations folder of the project; it need not exist. Throws a Problem where only code could tell. */
export async function findMigrationsFolder(project: string): Promise<string> {
  const configured = await findConfigured(project)
  const folder = configured?.path('migrations')
  if (folder !== undefined) {
    return folder
  }
  const schema = await configuredSchema(project, configured)
  if (schema !== undefined) {
    return await besideSchema(schema)
  }
  const isAtRoot = await isThere(path.join(project, 'schema.prisma'))
  return isAtRoot ? path.join(project, 'migrations') : path.join(project, 'prisma', 'migrations')
}

/** Returns the Prisma schema of the project, a file or a folder; it need not exist. Throws as `findMigrationsFolder`. */
export async function findSchemaFile(project: string): Promise<string> {
  const schema = await configuredSchema(project, await findConfigured(project))
  if (schema !== undefined) {
    return schema
  }
  const isAtRoot = await isThere(path.join(project, 'schema.prisma'))
  return path.join(project, isAtRoot ? '' : 'prisma', 'schema.prisma')
}

interface Configured {
  path(of: 'migrations' | 'schema'): string | undefined
}

async function findConfigured(project: string): Promise<Configured | undefined> {
  for (const name of configFiles) {
    const file = path.join(project, name)
    const text = await readOptional(file)
    if (text !== undefined) {
      return readConfig(text, file)
    }
  }
  return undefined
}

async function configuredSchema(project: string, configured: Configured | undefined): Promise<string | undefined> {
  const schema = configured?.path('schema')
  if (schema !== undefined) {
    return schema
  }
  const named = await schemaOfPackage(project)
  return named === undefined ? undefined : path.resolve(project, named)
}

async function besideSchema(schema: string): Promise<string> {
  const isFolder = await stat(schema).then(
    (found) => found.isDirectory(),
    () => !schema.endsWith('.prisma'),
  )
  return path.join(isFolder ? schema : path.dirname(schema), 'migrations')
}

async function schemaOfPackage(project: string): Promise<string | undefined> {
  const text = await readOptional(path.join(project, 'package.json'))
  if (text === undefined) {
    return undefined
  }
  try {
    const schema = (JSON.parse(text) as { prisma?: { schema?: unknown } } | null)?.prisma?.schema
    return typeof schema === 'string' ? schema : undefined
  } catch {
    // A package.json that is not JSON is for npm to complain about.
    return undefined
  }
}

/** Reads two settings off the config's text; running a project's code to find a folder is not worth its dangers. */
function readConfig(text: string, file: string): Configured {
  const code = withoutComments(text)
  const migrations = /\bmigrations["']?\s*:\s*\{/.exec(code)
  const expressions = {
    migrations: migrations === null ? undefined : expressionBehind(blockAt(code, migrations.index), 'path'),
    schema: expressionBehind(code, 'schema'),
  }
  const words = { migrations: `the path of the migrations in ${file}`, schema: `the schema in ${file}` }
  return {
    path(of) {
      const expression = expressions[of]
      // What is not asked for may be code.
      return expression === undefined
        ? undefined
        : path.resolve(path.dirname(file), constantPath(expression, words[of]))
    },
  }
}

const stringOrComment = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

function withoutComments(code: string): string {
  return code.replaceAll(stringOrComment, (found) => (found.startsWith('/') ? ' ' : found))
}

/** Returns the text from there to the brace that closes the first one opened. */
function blockAt(code: string, start: number): string {
  let depth = 0
  for (let at = code.indexOf('{', start); at < code.length; at++) {
    depth += code[at] === '{' ? 1 : code[at] === '}' ? -1 : 0
    if (depth === 0) {
      return code.slice(start, at)
    }
  }
  return code.slice(start)
}

/** Returns what stands behind `<key>:` up to the comma or bracket that ends it. */
function expressionBehind(code: string, key: string): string | undefined {
  const found = new RegExp(`\\b${key}["']?\\s*:\\s*`).exec(code)
  if (found === null) {
    return undefined
  }
  const rest = code.slice(found.index + found[0].length)
  return /^(?:[^,(){}]|\([^()]*\))*/.exec(rest)?.[0].trim()
}

/** Understands a literal, and path.join or path.resolve of literals and the config's own folder. */
function constantPath(expression: string, what: string): string {
  const literal = /^(['"`])([^'"`$\\]*)\1$/.exec(expression)?.[2]
  if (literal !== undefined) {
    return literal
  }
  const call = /^(?:path\.|posix\.)?(?:join|resolve)\((.*)\)$/s.exec(expression)?.[1]
  const parts = call
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const ownFolder = new Set(['__dirname', 'import.meta.dirname'])
  const names = parts?.filter((part) => !ownFolder.has(part)).map((part) => /^(['"`])([^'"`$\\]*)\1$/.exec(part)?.[2])
  if (names === undefined || names.includes(undefined)) {
    throw new Problem(problems.folderNotFound, `${what} is not a plain text but ${expression}`)
  }
  return path.join(...(names as string[]))
}

async function readOptional(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') {
      return undefined
    }
    throw error
  })
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
