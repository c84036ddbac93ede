// node tools/build-app.ts catalog|migrations|cli: bundles what one app runs into its folder dist. Only what cannot be
// bundled stays outside: WebAssembly and the server's programs, which the root package.json names as its dependencies.
// The published package and the container images run these bundles.

import { cpSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')

/** The programs of each app, by the name of their bundle. */
const programs: Record<string, Record<string, string>> = {
  catalog: { main: 'src/main.ts' },
  migrations: { main: 'src/main.ts' },
  cli: { freehold: 'src/main.ts', 'prepare-databases': 'src/prepare-databases.ts' },
}

const app = process.argv[2] ?? ''
const entryPoints = programs[app]
if (entryPoints === undefined) {
  throw new Error(`usage: node tools/build-app.ts ${Object.keys(programs).join('|')}`)
}
const folder = path.join(root, 'apps', app)
const dist = path.join(folder, 'dist')
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

rmSync(dist, { recursive: true, force: true })
await build({
  entryPoints: Object.entries(entryPoints).map(([out, file]) => ({ out, in: path.join(folder, file) })),
  outdir: dist,
  bundle: true,
  // The engine is loaded when it is needed; in a file of its own it stays a plain module, and may wait while it loads.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.22',
  // pg asks for pg-native only where the user has installed it and wants it.
  external: [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.optionalDependencies), 'pg-native'],
  // Bundled CommonJS calls require for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);",
  },
  legalComments: 'eof',
  logLevel: 'warning',
})

if (app === 'cli') {
  const resources = path.join(dist, 'resources')
  cpSync(path.join(root, 'libs/service/sql/events-log.sql'), path.join(resources, 'events-log.sql'))
  cpSync(path.join(root, 'migrations'), path.join(resources, 'migrations'), { recursive: true })
}
