// Bundles the command line into apps/cli/dist: freehold.js and what it loads later, and the SQL of Freehold's own schemas
// for `freehold up`. That is what the published package runs. Only what the root package.json names as its dependencies stays outside: WebAssembly and the server's programs
// cannot be bundled.

import { cpSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')
const dist = path.join(root, 'apps/cli/dist')
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

rmSync(dist, { recursive: true, force: true })
await build({
  entryPoints: { freehold: path.join(root, 'apps/cli/src/main.ts') },
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

const resources = path.join(dist, 'resources')
cpSync(path.join(root, 'libs/service/sql/events-log.sql'), path.join(resources, 'events-log.sql'))
cpSync(path.join(root, 'migrations'), path.join(resources, 'migrations'), { recursive: true })
