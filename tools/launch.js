// node tools/launch.js <file.ts> [arguments]: runs a TypeScript file of this repository on a machine that has only a
// Node, old or new. Plain JavaScript, and nothing is imported that npm has to install first.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureNpmCache, isNodeNewEnough, runModule, runUnderNewerNode } from '../apps/cli/bin/start.js'

const self = fileURLToPath(import.meta.url)
const root = dirname(dirname(self))
const lockFile = join(root, 'package-lock.json')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.freehold-installed')

function isInstalled(hash) {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) {
    return true
  }
  // npm writes its own lock file last: one that is younger than ours comes from an installation made by hand.
  const hidden = join(modules, '.package-lock.json')
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(lockFile).mtimeMs
}

function install() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  if (!isInstalled(hash)) {
    process.stderr.write('Installing the packages of package-lock.json …\n')
    ensureNpmCache()
    // No package needs its install script here, and some download from elsewhere in theirs.
    const args = [
      'ci',
      '--include=dev',
      '--include=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]
    const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
    if (npm.status !== 0) {
      process.stderr.write(`npm ci failed${npm.error ? `: ${npm.error.message}` : ''}\n`)
      process.exit(1)
    }
    writeFileSync(stampFile, hash)
  }
}

const [file, ...args] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: node tools/launch.js <file.ts> [arguments]\n')
  process.exit(2)
}
if (isNodeNewEnough()) {
  // Programs started from here find this Node, and those that the packages bring.
  process.env.PATH = [dirname(process.execPath), join(modules, '.bin'), process.env.PATH].join(delimiter)
  install()
  ensureNpmCache()
  process.argv = [process.execPath, resolve(root, file), ...args]
  runModule(pathToFileURL(resolve(root, file)).href)
} else {
  runUnderNewerNode(self, process.argv.slice(2))
}
